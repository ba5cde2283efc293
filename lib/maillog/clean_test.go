package maillog

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	tests := []struct {
		in   string
		max  int
		want string
	}{
		{"", 10, ""},
		{"plain text", 100, "plain text"},
		{`client="a \"b\""`, 100, `client="a \"b\""`},
		{"a\r\nb\tc\x00\x1b[2J", 100, `a\r\nb\tc\x00\x1b[2J`},
		{"\xff\xc3(\x80", 100, `\xff\xc3(\x80`},
		{"grün 日本", 100, "grün 日本"},
		{"a\u202eb\u200bc\u2028\u0085", 100, `a\u202eb\u200bc\u2028\u0085`},
		{"\ufffd", 100, "\ufffd"},
		{"0123456789", 10, "0123456789"},
		{"0123456789a", 10, "0123456..."},
		{"01234567\n", 10, `01234567\n`},
		{"012345678\n", 10, "0123456..."},
		{"012345\x1b9", 10, "012345..."},
		{"äöüäöü", 10, "äöü..."},
		{"abcdef", 2, ".."},
		{"abcdef", 0, ""},
		{"abcdef", -1, ""},
	}
	for _, tt := range tests {
		if got := Clean(tt.in, tt.max); got != tt.want {
			t.Errorf("Clean(%q, %d) = %q, want %q", tt.in, tt.max, got, tt.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\r\n\xff\u202e", 7)
	f.Add(strings.Repeat("ä", 20), 10)
	f.Fuzz(func(t *testing.T, in string, max int) {
		got := Clean(in, max)
		if len(got) > max && got != "" {
			t.Fatalf("%d octets of at most %d", len(got), max)
		}
		if !utf8.ValidString(got) || strings.IndexFunc(got, dirty) >= 0 {
			t.Fatalf("Clean(%q) = %q", in, got)
		}
		if again := Clean(got, max); again != got {
			t.Fatalf("Clean(%q) = %q", got, again)
		}
	})
}

func TestParsePriority(t *testing.T) {
	tests := []struct{ in, facility, level, err string }{
		{"mail.info", "mail", "info", ""},
		{"local3", "local3", "", ""},
		{".warn", "", "warn", ""},
		{"", "", "", ""},
		{"post.info", "", "", `unknown syslog facility "post"`},
		{"-.info", "", "", `unknown syslog facility "-"`},
		{"mail.loud", "", "", `unknown syslog level "loud" (one of emerg alert crit err warning notice info debug)`},
	}
	for _, tt := range tests {
		facility, level, err := ParsePriority(tt.in)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if facility != tt.facility || level != tt.level || text != tt.err {
			t.Errorf("ParsePriority(%q) = %q, %q, %q; want %q, %q, %q", tt.in, facility, level, text, tt.facility, tt.level, tt.err)
		}
	}
}

func TestPriorityString(t *testing.T) {
	for p, want := range map[Priority]string{Emerg: "emerg", Info: "info", Debug: "debug", 9: "debug", -1: "emerg"} {
		if got := p.String(); got != want {
			t.Errorf("%d is %q, want %q", int(p), got, want)
		}
	}
}
