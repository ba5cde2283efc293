package client

import (
	"strings"
	"testing"

	"postern/lib/tlsconf"
)

func TestHello(t *testing.T) {
	tests := []struct {
		name, script, want, err string
		lmtp                    bool
	}{
		{"EHLO", "S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250 SIZE 10", "10", "", false},
		{"HELO", "S: 220 x\nC: EHLO me.example\nS: 500 what\nC: HELO me.example\nS: 250 x", "", "", false},
		{"refused", "S: 220 x\nC: EHLO me.example\nS: 550 no\nC: HELO me.example\nS: 550 5.7.1 no", "", "HELO: the server says 550 5.7.1 no", false},
		{"later", "S: 220 x\nC: EHLO me.example\nS: 450 4.7.1 later", "", "EHLO: the server says 450 4.7.1 later", false},
		{"LMTP", "S: 220 x\nC: LHLO me.example\nS: 500 what", "", "LHLO: the server says 500 what", true},
		{"banner 554", "S: 554 no mail here", "", "the server greets with 554 no mail here", false},
		{"banner 250", "S: 250 hello", "", "the server greets with 250 hello", false},
		{"banner 421", "S: 421 busy", "", "the server greets with 421 busy", false},
		{"not SMTP", "S: SSH-2.0-OpenSSH_9.2", "", "waiting for the banner: not an SMTP reply", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			session := serve(t, test.script, Options{LMTP: test.lmtp})
			_, err := session.Greet(t.Context())
			if err == nil {
				_, err = session.Hello(t.Context())
			}
			checkError(t, err, test.err)
			if got, _ := session.Offers("SIZE"); got != test.want {
				t.Errorf("SIZE: got %q, want %q", got, test.want)
			}
		})
	}
}

func TestBadName(t *testing.T) {
	session := serve(t, "S: 220 x\nC: <end>", Options{})
	session.options.Name = "me.example\r\nDATA"
	_, err := session.Hello(t.Context())
	checkError(t, err, "our own name")
}

// What was offered in the clear is not offered behind STARTTLS (RFC 3207 4.2).
func TestHELOBehindStartTLS(t *testing.T) {
	session := ready(t, []string{"STARTTLS", "SIZE 5"}, `
		C: STARTTLS
		S: 220 go on
		TLS
		C: EHLO me.example
		S: 502 no
		C: HELO me.example
		S: 250 x`, Options{})
	if _, err := session.StartTLS(t.Context(), tlsconf.Policy{}.Config()); err != nil {
		t.Fatal(err)
	}
	if size, ok := session.Offers("SIZE"); ok {
		t.Errorf("SIZE %s is offered", size)
	}
}

func TestStartTLS(t *testing.T) {
	var heard []string
	session := ready(t, []string{"STARTTLS", "SIZE 5"}, `
		C: STARTTLS
		S: 220 go on
		TLS
		C: EHLO me.example
		S: 250-x
		S: 250 PIPELINING
		C: QUIT
		S: 221 bye`, Options{Transcript: func(who byte, line string) { heard = append(heard, string(who)+": "+line) }})
	if _, err := session.StartTLS(t.Context(), tlsconf.Policy{}.Config()); err != nil {
		t.Fatal(err)
	}
	if _, ok := session.Offers("SIZE"); ok {
		t.Error("an offer made in the clear was kept")
	}
	if state, ok := session.TLS(); !ok || !state.HandshakeComplete {
		t.Error("not encrypted")
	}
	session.Quit(t.Context())
	want := "C: STARTTLS; S: 220 go on; *: TLSv1.3"
	if got := strings.Join(heard, "; "); !strings.Contains(got, want) || !strings.HasSuffix(got, "C: QUIT; S: 221 bye") {
		t.Errorf("transcript: got %s", got)
	}
}
