package prog

import "os"

// SearchPath is the variable PATH of the programs that are started with an
// environment of their own, and not with ours.
const SearchPath = "PATH=/usr/local/bin:/usr/bin:/bin"

// Inherit appends to env, as name=value, those variables of our own environment
// that are set.
func Inherit(env []string, names ...string) []string {
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
