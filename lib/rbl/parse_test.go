package rbl

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct{ text, want string }{
		{"-s 100 zen.example", "-i -s 100 zen.example"},
		{"-s100 Zen.Example.", "-i -s 100 zen.example"},
		{"-i -p -f -s -20 x.example", "-i -p -f -s -20 x.example"},
		{"-pfs 5 x.example", "-p -f -s 5 x.example"},
		{"-s 1 x.example=127.0.0.[2..11]", "-i -s 1 x.example=127.0.0.[2..11]"},
		{"x.example=127.0.0.[2;4..6]*40", "-i -s 40 x.example=127.0.0.[2;4..6]"},
		{"x.example*-3", "-i -s -3 x.example"},
		{"-f -s 1 abcdefghijklmnopqrstuvwx26.dbl.dq.spamhaus.net", "-f -s 1 dbl.dq.spamhaus.net"},
		{"-s 1 abcdefghijklmnopqrstuvwx26.example", "-i -s 1 abcdefghijklmnopqrstuvwx26.example"},
		{"-s 1 az09az09az09az09az09.dq.example", "-i -s 1 dq.example"},
		{"-s 1 az09az09az09az09az0.dq.example", "-i -s 1 az09az09az09az09az0.dq.example"},
		{"-s 1 a-list-of-those-who-spam.dq.example", "-i -s 1 a-list-of-those-who-spam.dq.example"},
		{"-s 1048576 x.example", "-i -s 1048576 x.example"},
		{"-s -1048576 x.example", "-i -s -1048576 x.example"},
	}
	for _, tt := range tests {
		l, err := Parse(strings.Fields(tt.text))
		if err != nil || l.String() != tt.want {
			t.Errorf("%s: got %q %v, want %q", tt.text, l.String(), err, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"zen.example", "-s score is missing"},
		{"-s 1", "one zone"},
		{"-s 1 a.example b.example", "one zone"},
		{"-s many a.example", `score "many" is not a number`},
		{"-s 1048577 a.example", "is not a number from"},
		{"-s -1048577 a.example", "is not a number from"},
		{"a.example*many", `score "many" is not a number`},
		{"-x -s 1 a.example", "unknown option -x"},
		{"-s 1 a..example", "not the name of a zone"},
		{"-s 1 =127.0.0.2", "not the name of a zone"},
		{"a.example*", `no score behind "*"`},
		{"-s 1 a.example=", "fewer than four numbers"},
		{"-s 1 a.example=127.0.0.[2", `"[" without "]"`},
		{"-s 1 a.example=127.0.0.300", `"300" is not a number`},
		{"-s 1 a.example=127.0.0.9..2", "not a number or a range"},
		{"-s 1 a.example=127.0.0.x..9", "not a number or a range"},
		{"-s 1 a.example=127.0.0.2..300", "not a number or a range"},
		{"-s 1 a.example=127.[0]0.2", "not four numbers"},
		{"-s 1 a.example=127.0.0.2.3", "is not a number or a range"},
		{"-s 1 a.example=127.0.0.[2]3", "not four numbers"},
		{"-s 1 a.example=10.0.0.2", "within 127.0.0.0/8"},
	}
	for _, tt := range tests {
		if _, err := Parse(strings.Fields(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.text, err, tt.want)
		}
	}
	if l, err := ParseText("zen.example"); err != nil || l.Score != DefaultScore {
		t.Errorf("without a score: %+v %v", l, err)
	}
}

func TestCodes(t *testing.T) {
	tests := []struct {
		pattern  string
		has, not []string
	}{
		{"127.0.0.2", []string{"127.0.0.2"}, []string{"127.0.0.3", "127.0.1.2"}},
		{"127.0.0.[2..11]", []string{"127.0.0.2", "127.0.0.7", "127.0.0.11"}, []string{"127.0.0.1", "127.0.0.12", "127.1.0.2"}},
		{"127.0.0.2..11", []string{"127.0.0.2", "127.0.0.11"}, []string{"127.0.0.12"}},
		{"127.0.[0;2..3].[1;64..255]", []string{"127.0.0.1", "127.0.3.200"}, []string{"127.0.1.1", "127.0.0.2"}},
		{"127.0.0.2,127.0.1.[4..6]", []string{"127.0.0.2", "127.0.1.5"}, []string{"127.0.0.5"}},
		{"[127].0.0.10", []string{"127.0.0.10"}, []string{"127.0.0.1"}},
	}
	for _, tt := range tests {
		c, err := ParseCodes(tt.pattern)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		for _, a := range tt.has {
			if !c.Has(netip.MustParseAddr(a)) {
				t.Errorf("%s has not %s", tt.pattern, a)
			}
		}
		for _, a := range tt.not {
			if c.Has(netip.MustParseAddr(a)) {
				t.Errorf("%s has %s", tt.pattern, a)
			}
		}
	}
	for n, want := range map[int]bool{maxPatterns: true, maxPatterns + 1: false} {
		if _, err := ParseCodes(strings.Repeat("127.0.0.2,", n-1) + "127.0.0.2"); (err == nil) != want {
			t.Errorf("%d patterns: %v", n, err)
		}
	}
}

// FuzzParse: what is taken is written in a form that is taken, and means the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"-s 100 zen.example", "-ipf -s -1 a.b=127.0.[0;1].[2..9]*3", "-", "--", "-s", "[", "a=127.0.0.2,,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseText(text)
		if err != nil || l.Name() != l.Zone {
			return
		}
		again, err := Parse(strings.Fields(l.String()))
		if err != nil || again.String() != l.String() {
			t.Errorf("%q: %q, again %q %v", text, l.String(), again.String(), err)
		}
	})
}

// FuzzCodes: an answer counts when one of the patterns, written as a regular
// expression with every number that a set has, matches it.
func FuzzCodes(f *testing.F) {
	f.Add("127.0.[0;1].[2;4;9..11],127.0.0.2..11", byte(0), byte(1), byte(10))
	f.Add("[127].[0..255].0.2", byte(9), byte(0), byte(2))
	f.Fuzz(func(t *testing.T, text string, b, c, d byte) {
		codes, err := ParseCodes(text)
		if err != nil || strings.Contains(regexp.MustCompile(`\[[^]]*\]`).ReplaceAllString(text, ""), ";") {
			return // to an expression, what stands outside of brackets would be another whole pattern
		}
		a, want := netip.AddrFrom4([4]byte{127, b, c, d}), false
		for pattern := range strings.SplitSeq(text, ",") {
			want = want || asExpression(pattern).MatchString(a.String())
		}
		if codes.Has(a) != want {
			t.Errorf("%q has %s: %v, want %v", text, a, !want, want)
		}
	})
}

// asExpression is a pattern that ParseCodes has taken.
func asExpression(pattern string) *regexp.Regexp {
	ranges := regexp.MustCompile(`[0-9]+\.\.[0-9]+|[0-9]+|.`)
	return regexp.MustCompile("^(" + ranges.ReplaceAllStringFunc(pattern, func(s string) string {
		low, high, ranged := strings.Cut(s, "..")
		switch s {
		case "[":
			return "("
		case "]":
			return ")"
		case ";":
			return "|"
		case ".":
			return `\.`
		}
		first, _ := strconv.Atoi(low)
		last := first
		if ranged {
			last, _ = strconv.Atoi(high)
		}
		var list []string
		for n := first; n <= last; n++ {
			list = append(list, strconv.Itoa(n))
		}
		return "(" + strings.Join(list, "|") + ")"
	}) + ")$")
}
