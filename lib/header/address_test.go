package header

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"testing"
)

func TestDomains(t *testing.T) {
	for body, want := range map[string][]string{
		"":                                       nil,
		"a@b.example":                            {"b.example"},
		"<a@b.example.>":                         {"b.example"},
		"Ann <ann@a.example>, (x) bob":           {"a.example", ""},
		`"ours@ours.test" <a@b.example>`:         {"b.example"},
		`ours@ours.test <a@b.example>`:           {"b.example"},
		`(a@ours.test \) ( b ) ) a@b.example (c`: {"b.example"},
		`"a, \"b" @ c.example , d@e`:             {"c.example", "e"},
		"team: a@b.example, c@d.example;":        {"b.example", "d.example"},
		"a@b@c.example":                          {"c.example"},
		"<@r.example,@s.example:a@b.example>":    {"b.example"},
		"a@b.example <":                          {"b.example"},
		`"unclosed`:                              {""},
		"<a@[192.0.2.1]>":                        {"[192.0.2.1]"},
		"a@[IPv6:2001:db8::1]":                   {"[IPv6:2001:db8::1]"},
		"team: a@[IPv6:::1], <b@[IPv6:::2]>;":    {"[IPv6:::1]", "[IPv6:::2]"},
		"x@[y, <a@b.example>], c@d.example":      {"[y", "b.example", "d.example"},
		"x@[y: a@b.example":                      {"b.example"},
		"[x: a@b.example]":                       {"b.example]"},
		"[list] Ann <a@b.example>":               {"b.example"},
	} {
		if got := Domains(body); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}

// FuzzDomains: what net/mail reads as an address, we do not overlook.
func FuzzDomains(f *testing.F) {
	f.Add(`"a" <b@c>, d: e@f (x);`)
	f.Add(`a@[192.0.2.1], =?utf-8?q?x?= (y (z)) <"b c"@d.example>`)
	f.Fuzz(func(t *testing.T, body string) {
		got := Domains(body)
		if n := len(got); n > len(body) {
			t.Errorf("%d domains in %d octets", n, len(body))
		}
		list, err := mail.ParseAddressList(body)
		if err != nil {
			return
		}
		for _, a := range list {
			domain := a.Address[strings.LastIndexByte(a.Address, '@')+1:]
			if !slices.Contains(got, domain) {
				t.Errorf("%q: got %q, net/mail has %q", body, got, domain)
			}
		}
	})
}

func TestTail(t *testing.T) {
	for text, want := range map[string]string{
		"":             "T: 1\n",
		"A: b\n":       "A: b\nT: 1\n",
		"A: b\n\nc\n":  "A: b\nT: 1\n\nc\n",
		"\nbody":       "T: 1\n\nbody",
		"A: b\n c\n\n": "A: b\n c\nT: 1\n\n",
	} {
		for _, size := range []int{1, 100} {
			var out bytes.Buffer
			f := NewFilter(&out, func(f Field) ([]byte, error) { return f.Text, nil })
			f.Tail = func() []byte { return []byte("T: 1\n") }
			for part := range slices.Chunk([]byte(text), size) {
				f.Write(part)
			}
			f.Close()
			if out.String() != want {
				t.Errorf("%q in parts of %d: got %q, want %q", text, size, out.String(), want)
			}
		}
	}
}
