package safefile

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	for _, word := range []string{"bob", "azAZ09", "a.b", "a+b=c", "a@b.c", "2001:db8::1", "-x", "_", strings.Repeat("x", 100)} {
		if got := Name(word); got != word {
			t.Errorf("Name(%q) = %q, want the word itself", word, got)
		}
	}
	for _, word := range []string{"", ".", "..", ".x", "a/b", "../x", "a b", "a\x00", "a\n", "%41", "m\u00fcller", "a\\b", strings.Repeat("x", 101)} {
		got := Name(word)
		if len(got) != 65 || got[0] != '%' || strings.ContainsAny(got, "/.") {
			t.Errorf("Name(%q) = %q, want %% and a hash", word, got)
		}
	}
	if got, want := Name(""), "%e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; got != want {
		t.Errorf("Name(\"\") = %q, want %q", got, want)
	}
}
