package mtasts_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"postern/lib/mtasts"
)

const good = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.Example.net\nmax_age: 604800\n"

func TestParse(t *testing.T) {
	const whole = "{enforce [mail.example.com *.example.net] 168h0m0s}"
	tests := []struct{ name, text, want string }{
		{"LF", good, whole},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), whole},
		{"no last line end", strings.TrimSuffix(good, "\n"), whole},
		{"an empty line", good + "\n", whole},
		{"blanks", "version:STSv1\t\nmode: \tenforce \nmx:mail.example.com\nmx: *.example.net\nmax_age:604800", whole},
		{"another order", "max_age: 604800\nmx: mail.example.com\nmx: *.example.net\nmode: enforce\nversion: STSv1\n", whole},
		{"unknown fields", "x-new.one: a: b\nx9_Z0-.: c\n0: d\n" + good, whole},
		{"a field twice", good + "mode: none\nmax_age: 1\nversion: STSv1\n", whole},
		{"none without mx", "version: STSv1\nmode: none\nmax_age: 0\n", "{none [] 0s}"},
		{"a year at most", strings.Replace(good, "604800", "9999999999", 1), "{enforce [mail.example.com *.example.net] 8766h0m0s}"},

		{"empty", "", "no version"},
		{"no version", strings.Replace(good, "version: STSv1\n", "", 1), "no version"},
		{"no mode", strings.Replace(good, "mode: enforce\n", "", 1), "no mode"},
		{"no max_age", strings.Replace(good, "max_age: 604800\n", "", 1), "no max_age"},
		{"no mx", "version: STSv1\nmode: testing\nmax_age: 1\n", "no mx"},
		{"another version", strings.Replace(good, "STSv1", "STSv2", 1), `line 1: version "STSv2" is unknown`},
		{"another mode", strings.Replace(good, "enforce", "Enforce", 1), `line 2: mode "Enforce" is unknown`},
		{"a page", "<!DOCTYPE html>\n" + good, `line 1: "<!DOCTYPE html>" is not a name and a value`},
		{"a blank in front", " " + good, `line 1: " version: STSv1" is not a name and a value`},
		{"a bare CR", strings.Replace(good, "\n", "\r", 1), `line 1: version "STSv1\rmode: enforce" is unknown`},
		{"a name that begins with no letter", "-x: y\n" + good, `line 1: "-x: y" is not a name and a value`},
		{"a name with a brace", "x{: y\n" + good, `line 1: "x{: y" is not a name and a value`},
		{"a blank behind a name", "version : STSv1\n" + good, "is not a name and a value"},
		{"no name", ": y\n" + good, `line 1: ": y" is not a name and a value`},
		{"a name too long", strings.Repeat("a", 33) + ": b\n" + good, "is not a name and a value"},
		{"no number", strings.Replace(good, "604800", "a week", 1), `line 5: max_age "a week" is not a number of seconds`},
		{"less than none", strings.Replace(good, "604800", "-1", 1), `line 5: max_age "-1" is not a number of seconds`},
		{"too long", strings.Replace(good, "604800", "00000000001", 1), `line 5: max_age "00000000001" is not a number of seconds`},
		{"all of the world", strings.Replace(good, "*.Example.net", "*", 1), `line 4: mx "*" is not the name of a host`},
		{"two asterisks", strings.Replace(good, "*.Example.net", "*.*.net", 1), `line 4: mx "*.*.net" is not the name of a host`},
		{"an address", strings.Replace(good, "*.Example.net", "192.0.2.1", 1), `line 4: mx "192.0.2.1" is not the name of a host`},
		{"too large", good + strings.Repeat("x: y\n", 16<<10), "more than 65536 octets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := mtasts.Parse([]byte(tt.text))
			got := fmt.Sprintf("{%s %s %s}", p.Mode, p.MX, p.MaxAge)
			if err != nil {
				got = err.Error()
				if !errors.Is(err, mtasts.ErrSyntax) {
					t.Errorf("%v is not ErrSyntax", err)
				}
			}
			if got != tt.want && (err == nil || !strings.HasSuffix(got, tt.want)) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("version: STSv1\r\nmode: none\r\nmax_age: 1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := mtasts.Parse(text)
		if err != nil {
			return
		}
		again, err := mtasts.Parse([]byte(p.String()))
		if err != nil && !strings.Contains(err.Error(), "more than") || err == nil && !reflect.DeepEqual(again, p) {
			t.Errorf("%q: %v, %v; again %v", text, p, err, again)
		}
	})
}

func TestMatch(t *testing.T) {
	p := mtasts.Policy{MX: []string{"mail.example.com", "*.example.net"}}
	for host, want := range map[string]bool{
		"mail.example.com":   true,
		"Mail.Example.Com.":  true,
		"a.mail.example.com": false,
		"example.com":        false,
		"a.example.net":      true,
		"A.EXAMPLE.NET":      true,
		"a.b.example.net":    false,
		"example.net":        false,
		"aexample.net":       false,
		"":                   false,
		"*.example.net":      true, // no such host can be
		"net":                false,
	} {
		if got := p.Match(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

func TestID(t *testing.T) {
	tests := []struct {
		txt  []string
		want string // "" for none
	}{
		{[]string{"v=STSv1; id=20160831085700Z;"}, "20160831085700Z"},
		{[]string{"v=STSv1;id=1"}, "1"},
		{[]string{"v=STSv1 ; x=y; id=abc ;"}, "abc"},
		{[]string{"v=spf1 -all", "v=STSv1; id=1"}, "1"},
		{[]string{"v=STSv1; id=1", "v=STSv1; id=1"}, ""},
		{[]string{"v=STSv1"}, ""},
		{[]string{"v=STSv11; id=1"}, ""},
		{[]string{"v=STSv1; id="}, ""},
		{[]string{"v=STSv1; id=a-b"}, ""},
		{[]string{"v=STSv1; id=" + strings.Repeat("a", 33)}, ""},
		{[]string{"id=1; v=STSv1"}, ""},
		{nil, ""},
	}
	for _, tt := range tests {
		got, ok := mtasts.ID(tt.txt)
		if !ok {
			got = ""
		}
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.txt, got, tt.want)
		}
	}
}

func FuzzID(f *testing.F) {
	f.Add("v=STSv1; id=20160831085700Z;")
	f.Fuzz(func(t *testing.T, txt string) {
		id, ok := mtasts.ID([]string{txt})
		if ok && (id == "" || !strings.Contains(txt, "id="+id)) {
			t.Errorf("%q: %q", txt, id)
		}
	})
}
