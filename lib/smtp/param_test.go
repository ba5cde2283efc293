package smtp

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseParams(t *testing.T) {
	tests := []struct {
		in   string
		want []Param
	}{
		{"", nil},
		{"  ", nil},
		{" SIZE=10 body=8BITMIME", []Param{{"SIZE", "10", true}, {"BODY", "8BITMIME", true}}},
		{" SMTPUTF8", []Param{{"SMTPUTF8", "", false}}},
		{"\tRET=FULL  ENVID=a+2Bb ", []Param{{"RET", "FULL", true}, {"ENVID", "a+2Bb", true}}},
		{" AUTH=<>", []Param{{"AUTH", "<>", true}}},
	}
	for _, tt := range tests {
		if got, err := ParseParams(tt.in); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: got %+v, %v", tt.in, got, err)
		}
	}
}

func TestParseParamsErrors(t *testing.T) {
	var many strings.Builder
	for i := range 40 {
		many.WriteString(" X" + strings.Repeat("Y", i))
	}
	for in, want := range map[string]string{
		" SIZE=1 size=2": "parameter given twice",
		" =1":            "malformed parameter",
		" -A":            "malformed parameter",
		" A_B":           "malformed parameter",
		" A\u00fc":       "malformed parameter",
		" A=":            "malformed value of a parameter",
		" A=b=c":         "malformed value of a parameter",
		" A=b\rc":        "malformed value of a parameter",
		" A=\xff":        "malformed value of a parameter",
		many.String():    "too many parameters",
	} {
		if got, err := ParseParams(in); err == nil || err.Error() != want {
			t.Errorf("%q: got %+v, %v, want %s", in, got, err, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "1000": 1000, "9223372036854775807": 1<<63 - 1, "00000000000000000001": 1,
	} {
		if got, err := ParseSize(in); got != want || err != nil {
			t.Errorf("%s: got %d, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"": "not a size", "-1": "not a size", "+1": "not a size", "1k": "not a size", "0x10": "not a size", "1_0": "not a size",
		"000000000000000000001": "not a size", "\u0661": "not a size",
		"9223372036854775808": "size out of range", "99999999999999999999": "size out of range",
	} {
		if got, err := ParseSize(in); err == nil || err.Error() != want {
			t.Errorf("%s: got %d, %v, want %s", in, got, err, want)
		}
	}
}

func TestXtext(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "a+2Bb+3D": "a+b=", "+20": " ", "": "", "+C3+BC": "\u00fc",
	} {
		got, err := DecodeXtext(in)
		if got != want || err != nil {
			t.Errorf("%s: got %q, %v", in, got, err)
		}
		if back := EncodeXtext(got); back != in {
			t.Errorf("%s: comes back as %s", in, back)
		}
	}
	for _, in := range []string{"+", "+2", "+2b", "a=b", "a b", "+0D", "+00", "+7F", "\x01", "+C3", "+XY"} {
		if got, err := DecodeXtext(in); err != errXtext {
			t.Errorf("%s: got %q, %v", in, got, err)
		}
	}
}

func TestValidHelo(t *testing.T) {
	for _, ok := range []string{"localhost", "mx.example", "a_b.example", "[192.0.2.1]", "[ipv6:2001:DB8::1]", "1.2.3.4", "xn--bcher-kva.example"} {
		if err := ValidHelo(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"", ".", "a b", "a.", "-a", "a\r\nb", "a(b)", "<a>", "b\u00fccher.example", "[192.0.2.1", "192.0.2.1]", "[::1]", "[]", "$(id)", "a/../b",
		`"a"`, "a%b", "a!b", "a@b", strings.Repeat("a.", 128) + "a",
	} {
		if ValidHelo(bad) == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

func TestParseLiteral(t *testing.T) {
	for in, want := range map[string]string{
		"[192.0.2.1]": "192.0.2.1", "[IPv6:2001:db8::1]": "2001:db8::1", "[IPV6:::ffff:192.0.2.1]": "192.0.2.1",
	} {
		if got, err := ParseLiteral(in); err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v", in, got, err)
		}
	}
}

func FuzzParams(f *testing.F) {
	f.Add(" SIZE=10 BODY=8BITMIME SMTPUTF8 ENVID=a+2Bb")
	f.Add(" =x A= B=\x00 +")
	f.Fuzz(func(t *testing.T, in string) {
		params, err := ParseParams(in)
		if err != nil {
			return
		}
		var back strings.Builder
		for _, p := range params {
			back.WriteString(" " + p.Keyword)
			if p.HasValue {
				back.WriteString("=" + p.Value)
			}
			if d, err := DecodeXtext(p.Value); err == nil {
				if again, err := DecodeXtext(EncodeXtext(d)); again != d || err != nil {
					t.Errorf("xtext %q: %q, %v", d, again, err)
				}
			}
		}
		again, err := ParseParams(back.String())
		if err != nil || !reflect.DeepEqual(again, params) {
			t.Errorf("%q: %+v, as %q %+v, %v", in, params, &back, again, err)
		}
	})
}
