package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// kicked takes what was asked for of an instance.
func kicked(t *testing.T, in *instance) string {
	t.Helper()
	q, err := in.server.mail.Queue()
	if err != nil {
		t.Fatal(err)
	}
	domains, err := q.Kicked()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(domains)
	return strings.Join(domains, " ")
}

// ETRN leaves word for runq.
func TestETRN(t *testing.T) {
	in := newInstance(t)
	talk(t, in, stranger, hi+"C: ETRN b.example\nS: 250 *\nC: ETRN A.example\nS: 250 *\nC: ETRN @c.example\nS: 458 *\n"+bye)
	if got := kicked(t, in); got != "a.example b.example" {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(in.log.String(), `reason="ETRN b.example"`) {
		t.Errorf("nothing in the log:\n%s", in.log)
	}
}

// Who asks again and again, and all who ask, are bounded.
func TestETRNLimits(t *testing.T) {
	in := newInstance(t)
	var asks strings.Builder
	for i := range maxETRN {
		fmt.Fprintf(&asks, "C: ETRN d%d.example\nS: 250 *\n", i)
	}
	talk(t, in, stranger, hi+asks.String()+"C: ETRN more.example\nS: 458 4.7.1 *\n"+bye)
	q, err := in.server.mail.Queue()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		if err := q.Kick(fmt.Sprintf("e%d.example", i)); err != nil {
			break // as full as it gets
		}
	}
	talk(t, in, stranger, hi+"C: ETRN more.example\nS: 452 4.4.5 *\n"+bye)
}

// It is offered where there is a queue of ours, and not to users.
func TestETRNOffered(t *testing.T) {
	for lines, offered := range map[string]bool{"": true, "Mailer /bin/true": false, "MSA-mode 1": false} {
		in := newInstance(t, lines)
		s := &session{server: in.server}
		if got := s.takesETRN(); got != offered {
			t.Errorf("%q: offered %v", lines, got)
		}
	}
	in := newInstance(t, "Mailer /bin/true")
	talk(t, in, stranger, hi+"C: ETRN a.example\nS: 502 5.5.1 *\nC: MAIL FROM:<> RET=FULL\nS: 555 *\n"+bye)
}

// What ETRN takes is a domain by its name, fit to be a file's.
func FuzzParseETRN(f *testing.F) {
	for _, arg := range []string{"", "a.example", "@a.example", "#q", "[192.0.2.1]", "..", "a/b", "a b", "ü.example", "-x"} {
		f.Add(arg)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		domain, refused := parseETRN(arg)
		if refused != nil {
			if c := refused.Class(); c != 4 && c != 5 {
				t.Errorf("%q: refused with %v", arg, refused)
			}
			return
		}
		if domain != arg || strings.ContainsAny(domain, "/\x00 @#[") || strings.HasPrefix(domain, ".") || len(domain) > 255 {
			t.Errorf("%q was taken", arg)
		}
	})
}
