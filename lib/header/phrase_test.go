package header

import (
	"mime"
	"strings"
	"testing"
)

func TestPhrase(t *testing.T) {
	long := strings.Repeat("ü", 30)
	for _, tt := range []struct{ name, want string }{
		{"Ann Lee", `"Ann Lee"`},
		{`A "q" \ b`, `"A \"q\" \\ b"`},
		{"Jürgen", "=?utf-8?B?SsO8cmdlbg==?="},
		{"a\r\nb\x7f", `"a  b "`},
		{"ü\nb", "=?utf-8?B?w7wgYg==?="},
		{"", ""},
		{"\xff", ""},
		{strings.Repeat("x", 401), ""},
	} {
		if got := Phrase(tt.name); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.name, got, tt.want)
		}
	}
	got := Phrase(long)
	for word := range strings.SplitSeq(got, " ") {
		if len(word) > 75 {
			t.Errorf("a word of %d octets: %s", len(word), word)
		}
	}
	if back, err := new(mime.WordDecoder).DecodeHeader(got); err != nil || back != long {
		t.Errorf("%s comes back as %q, %v", got, back, err)
	}
}
