package client

import (
	"errors"
	"strings"
	"testing"
)

// secret is a mechanism that says what it is told to.
type secret struct {
	initial string // "" for none
	next    string
	fail    error
	heard   string
}

func (*secret) Mechanism() string         { return "TEST" }
func (m *secret) Initial() ([]byte, bool) { return []byte(m.initial), m.initial != "" }
func (m *secret) Finish() error           { return nil }
func (m *secret) Next(c []byte) ([]byte, error) {
	m.heard += string(c) + ";"
	return []byte(m.next), m.fail
}

func TestAuth(t *testing.T) {
	long := strings.Repeat("x", 600)
	tests := []struct {
		name      string
		mechanism secret
		script    string
		err       string
		heard     string
	}{
		{"at once", secret{initial: "me"}, "C: AUTH TEST bWU=\nS: 235 2.7.0 in", "", ""},
		{"asked for", secret{next: "me"}, "C: AUTH TEST\nS: 334 eW91\nC: bWU=\nS: 235 in", "", "you;"},
		{"asked for twice", secret{initial: "me", next: "me"}, "C: AUTH TEST bWU=\nS: 334 eW91\nC: bWU=\nS: 334 \nC: bWU=\nS: 235 in", "", "you;;"},
		{"too long for the command", secret{initial: long}, "C: AUTH TEST\nS: 334 \nC: *\nS: 235 in", "", ""},
		{"refused", secret{initial: "me"}, "C: AUTH TEST bWU=\nS: 535 5.7.8 no", "AUTH: the server says 535 5.7.8 no", ""},
		{"not base64", secret{}, "C: AUTH TEST\nS: 334 !\nC: \\*\nS: 501 well", "the server's challenge", ""},
		{"given up", secret{fail: errors.New("no fake server")}, "C: AUTH TEST\nS: 334 eW91\nC: \\*\nS: 501 well", "no fake server", "you;"},
		{"endless", secret{initial: "me"}, "C: AUTH TEST bWU=\n" + strings.Repeat("S: 334 \nC: \n", maxRounds) + "S: 334 \nC: <end>", "no end", strings.Repeat(";", maxRounds)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var heard strings.Builder
			o := Options{Transcript: func(who byte, line string) { heard.WriteString(line + "\n") }}
			session := ready(t, []string{"AUTH TEST"}, test.script, o)
			err := session.Auth(t.Context(), &test.mechanism)
			checkError(t, err, test.err)
			if test.mechanism.heard != test.heard {
				t.Errorf("the mechanism heard %q, want %q", test.mechanism.heard, test.heard)
			}
			if strings.Contains(heard.String(), "bWU") || strings.Contains(heard.String(), "eHh4") {
				t.Errorf("the transcript has the secret: %s", heard.String())
			}
		})
	}
}

func TestProvoke(t *testing.T) {
	session := serve(t, "C: NOOP\nS: 220 x\nS: 250 well\nC: EHLO me.example\nS: 250 x", Options{Provoke: true})
	_, err := session.Greet(t.Context())
	if err == nil {
		_, err = session.Hello(t.Context())
	}
	checkError(t, err, "")
	session = serve(t, "C: NOOP\nS: 220 x\nS: 503 what", Options{Provoke: true})
	_, err = session.Greet(t.Context())
	checkError(t, err, "NOOP: the server says 503 what")
}
