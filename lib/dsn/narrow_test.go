package dsn

import (
	"strings"
	"testing"
)

func TestNarrow(t *testing.T) {
	for text, want := range map[string]string{
		"Subject: x\n\nna\xefve\n":          "Subject: x\n",
		"Subject: na\xefve\n\nna\xefve\n\n": "Subject: na\xefve\n",
		"\nna\xefve":                        "",
	} {
		all, before, _ := build(t, failure(text))
		narrow := string(Narrow([]byte(all)))
		p, err := parse([]byte(narrow))
		if err != nil {
			t.Fatalf("%v in\n%s", err, narrow)
		}
		if !isASCII([]byte(narrow)) || strings.Contains(narrow, eightBit) {
			t.Errorf("8 bits in\n%s", narrow)
		}
		if got := p.parts[2]; got.kind != "text/rfc822-headers" || got.text != want {
			t.Errorf("returned %+v, want %q", got, want)
		}
		if p.parts[0] != before.parts[0] || p.parts[1] != before.parts[1] || p.header.Get("Message-Id") != before.header.Get("Message-Id") {
			t.Errorf("more than the original has changed:\n%s", narrow)
		}
	}
}

// What is no report in 8 bits is let alone.
func TestNotNarrow(t *testing.T) {
	narrow, _, _ := build(t, failure(letter))
	international := failure("Subject: naïve\n\nx\n")
	international.To, international.Original.UTF8 = box("änn@example.org"), true
	utf8, _, _ := build(t, international)
	wide, _, _ := build(t, failure("Subject: x\n\nna\xefve\n"))
	for _, text := range []string{
		"", "\n\n", "Subject: x\n\nna\xefve\n", narrow, utf8, "X: na\xefve\n" + wide,
		"Content-Type: x;\n\tboundary=\"b\"\nContent-Transfer-Encoding: 8bit\n\n--b\n\nna\xefve\n--b--\n",
	} {
		if got := Narrow([]byte(text)); got != nil {
			t.Errorf("%q became %q", text, got)
		}
	}
}
