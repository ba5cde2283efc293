package rewrite

import (
	"fmt"
	"strings"
)

// Values are what the escapes of a rule's arguments stand for, besides the
// parts of the address.
type Values struct {
	Host   string // \l
	Sender string // \s, "" for the null sender
	Bulk   bool   // \p: "bulk" for mail that nobody wants bounces of, else "normal"

	// Clean is applied to everything that comes out of the network: the parts
	// of the address and the sender. Nil leaves it as it is.
	Clean func(string) string
}

// Expand is the rule's argument n (from 0) with its escapes replaced: \0 to
// \9 and & by the parts of the address as they were written, \l, \s and \p
// as Values say, \\ and \& by themselves. A missing argument is empty.
func (m Match) Expand(n int, v Values) (string, error) {
	if n >= len(m.Args) {
		return "", nil
	}
	return m.replace(m.Args[n], v)
}

// replace is a template with its escapes replaced.
func (m Match) replace(arg string, v Values) (string, error) {
	var b strings.Builder
	for i := 0; i < len(arg); i++ {
		c := arg[i]
		switch {
		case c == '&':
			b.WriteString(v.clean(m.groups[0]))
		case c == '\\' && i+1 < len(arg):
			i++
			if err := m.escape(&b, arg[i], v); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// escape appends what the escape \c stands for.
func (m Match) escape(b *strings.Builder, c byte, v Values) error {
	switch {
	case c >= '0' && c <= '9':
		n := int(c - '0')
		if n >= len(m.groups) {
			return fmt.Errorf("%s: the pattern has no part \\%c", m.Where(), c)
		}
		b.WriteString(v.clean(m.groups[n]))
	case c == 'l':
		b.WriteString(v.Host)
	case c == 's':
		b.WriteString(v.clean(v.Sender))
	case c == 'p' && v.Bulk:
		b.WriteString("bulk")
	case c == 'p':
		b.WriteString("normal")
	case c == '\\' || c == '&':
		b.WriteByte(c)
	default:
		return fmt.Errorf("%s: unknown escape \\%c", m.Where(), c)
	}
	return nil
}

// clean is s as v wants text of the network.
func (v Values) clean(s string) string {
	if v.Clean == nil {
		return s
	}
	return v.Clean(s)
}

// FromNetwork says whether argument n of the rule depends on what the network
// said: then it must not name new files.
func (r *Rule) FromNetwork(n int) bool {
	if n >= len(r.Args) {
		return false
	}
	arg := r.Args[n]
	for i := 0; i < len(arg); i++ {
		switch {
		case arg[i] == '&':
			return true
		case arg[i] == '\\' && i+1 < len(arg):
			i++
			if arg[i] >= '0' && arg[i] <= '9' || arg[i] == 's' {
				return true
			}
		}
	}
	return false
}
