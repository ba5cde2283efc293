package auth

import (
	"errors"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	all := []string{Login, Plain, CramMD5, Scram, ScramPlus, XOAuth2, "GSSAPI"}
	bound := make([]byte, 32)
	password, token := Credentials{User: "ann", Password: "x"}, Credentials{User: "ann", Token: "t"}
	for _, tt := range []struct {
		c    Choice
		with Credentials
		want string
	}{
		{Choice{Offered: all, Plaintext: true, Binding: bound}, password, ScramPlus},
		{Choice{Offered: all, Plaintext: true}, password, Scram},
		{Choice{Offered: []string{"login", "plain", "cram-md5"}, Plaintext: true}, password, CramMD5},
		{Choice{Offered: []string{Login, Plain}, Plaintext: true}, password, Plain},
		{Choice{Offered: []string{Login, Plain}}, password, ""},
		{Choice{Offered: all, Only: []string{"login"}, Plaintext: true}, password, Login},
		{Choice{Offered: all, Only: []string{"EXTERNAL"}, Plaintext: true}, password, ""},
		{Choice{Offered: all, Plaintext: true, Binding: bound}, token, XOAuth2},
		{Choice{Offered: all}, token, ""},
		{Choice{}, password, ""},
	} {
		got, err := Choose(tt.c, tt.with)
		switch {
		case tt.want == "" && (!errors.Is(err, ErrNoMechanism) || !strings.Contains(err.Error(), strings.Join(tt.c.Offered, " "))):
			t.Errorf("%+v: %v", tt.c, err)
		case tt.want != "" && (err != nil || got.Mechanism() != tt.want):
			t.Errorf("%+v: %v, %v; want %s", tt.c, got, err, tt.want)
		}
	}
}

func TestClientWords(t *testing.T) {
	ann := Credentials{User: "ann", Password: "secret"}
	for _, tt := range []struct {
		mechanism string
		with      Credentials
		initial   string // "-" for none
		answers   []string
	}{
		{Plain, ann, "\x00ann\x00secret", nil},
		{Login, ann, "-", []string{"ann", "secret"}},
		{XOAuth2, Credentials{User: "ann@example.org", Token: "ya29.x"}, "user=ann@example.org\x01auth=Bearer ya29.x\x01\x01", []string{""}},
	} {
		c, err := Choose(Choice{Offered: []string{tt.mechanism}, Plaintext: true}, tt.with)
		if err != nil {
			t.Fatal(err)
		}
		initial, ok := c.Initial()
		if ok != (tt.initial != "-") || ok && string(initial) != tt.initial {
			t.Errorf("%s: initial response %q, %v", tt.mechanism, initial, ok)
		}
		for _, want := range tt.answers {
			if got, err := c.Next([]byte("?")); string(got) != want || err != nil {
				t.Errorf("%s: answer %q, %v; want %q", tt.mechanism, got, err, want)
			}
		}
		if tt.mechanism != XOAuth2 {
			if got, err := c.Next([]byte("?")); err == nil {
				t.Errorf("%s: answers %q to one question too many", tt.mechanism, got)
			}
		}
		if err := c.Finish(); err != nil {
			t.Errorf("%s: %v", tt.mechanism, err)
		}
	}
}
