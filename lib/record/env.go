package record

import "strings"

// Environ returns the record as environment variables for a script, in the
// form of os.Environ. Only attributes in the table are in it, each under its
// variable's name; an attribute whose value has a NUL in it, which no variable
// can hold, is left out. Nothing in the table sets PATH, HOME or any other
// variable that steers a program rather than tells it something.
func (r *Record) Environ() []string {
	env := make([]string, 0, len(r.attrs))
	for _, a := range r.attrs {
		known, ok := Find(a.name)
		if !ok || strings.Contains(a.value, "\x00") {
			continue
		}
		env = append(env, known.Env+"="+a.value)
	}
	return env
}
