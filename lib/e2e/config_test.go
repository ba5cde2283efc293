package e2e

import (
	"strings"
	"testing"
)

// One file serves all programs, and smtpd is the one that checks it: it must
// know every name that another obeys.
func TestSmtpdKnowsEveryDirective(t *testing.T) {
	for _, name := range []string{"listen", "runq"} {
		in := newInstance(t)
		names := directives(in, name)
		if len(names) < 3 {
			t.Fatalf("%s --check names %q", name, names)
		}
		in.write("etc/postern/smtpd.conf", strings.Join(names, "\n")+"\n")
		out, _ := in.run("", program(t, "smtpd"), "--check")
		for line := range strings.Lines(out) {
			if strings.Contains(line, "unknown directive") {
				t.Errorf("%s obeys what smtpd does not know: %s", name, line)
			}
		}
	}
}

// directives are the first words of a program's --check.
func directives(in *instance, name string) []string {
	out, _ := in.run("", program(in.t, name), "--check")
	var names []string
	for line := range strings.Lines(out) {
		if word, _, ok := strings.Cut(strings.TrimPrefix(line, "#"), " "); ok {
			names = append(names, word)
		}
	}
	return names
}
