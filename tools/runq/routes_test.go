package main

import (
	"strings"
	"testing"

	"postern/lib/smtp"
)

func TestRouting(t *testing.T) {
	r := defaultRouting()
	for _, line := range []string{
		"a.example tcp!10.0.0.1!26", "*.b.example relay:587 -a -u me", "[192.0.2.1] other", "[192.0.2.9] other -t",
		"bücher.example books",
	} {
		if err := r.addRoute(strings.Fields(line)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	r.fill()
	tests := map[string]string{ // domain: address and flags
		"A.Example":             "tcp!10.0.0.1!26 -s",
		"sub.a.Exampl":          "net!sub.a.exampl -s",
		"b.example":             "relay:587 -a -u me",
		"X.B.example":           "relay:587 -a -u me",
		"c.example":             "net!c.example -s",
		"[192.0.2.1]":           "other -s",
		"Bücher.example":        "books -s",
		"xn--bcher-kva.example": "books -s",
		"mé.example":            "net!xn--m-bga.example -s", // as in A-labels: one destination
		"[192.0.2.2]":           "net![192.0.2.2] -s",
		"[192.0.2.9]":           "other -t",
	}
	check := func(tests map[string]string) {
		for domain, want := range tests {
			if got := r.find(smtp.Mailbox{Local: "x", Domain: domain}).key(); got != want {
				t.Errorf("%s: got %s, want %s", domain, got, want)
			}
		}
	}
	check(tests)
	r.gateway = "gw.example"
	check(map[string]string{"c.example": "net!c.example -s -g gw.example", "a.example": "tcp!10.0.0.1!26 -s"})
	if err := r.addRoute([]string{"*", "smart"}); err != nil {
		t.Fatal(err)
	}
	check(map[string]string{"c.example": "smart"})
}

func TestBadRoute(t *testing.T) {
	tests := map[string]string{ // arguments: a part of the error
		"a.example":           "wants a domain and a destination",
		"a..example x":        `domain "a..example"`,
		"a.example -x":        `"-x" is no destination`,
		"a.example .dom":      `".dom" is no destination`,
		"a.example x flag":    `"flag" is no option`,
		"a.example x -s -- y": `"--" ends the options`,
	}
	for args, want := range tests {
		err := new(routing).addRoute(strings.Fields(args))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", args, err, want)
		}
	}
}
