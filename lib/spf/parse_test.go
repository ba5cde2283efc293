package spf

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct{ in, want string }{ // want is as it is written, or the error
		{"v=spf1", "v=spf1"},
		{"V=SpF1   +A  -ALL ", "v=spf1 a -all"},
		{"v=spf1 a/24 a//64 a/24//64 mx:x.test/32//128 a/0", "v=spf1 a/24 a//64 a/24//64 mx:x.test a/0"},
		{"v=spf1 ?ip4:192.0.2.1/32 ~ip6:2001:DB8::/32 ip4:192.0.2.1/24", "v=spf1 ?ip4:192.0.2.1 ~ip6:2001:db8::/32 ip4:192.0.2.1/24"},
		{"v=spf1 redirect=x.test exp=y.test. x=%{s}/a b.c_d-1=", "v=spf1 redirect=x.test exp=y.test. x=%{s}/a b.c_d-1="},
		{"v=spf1 include:%{d2}.%{l1r-+,/_=}._x.%{o} ptr ptr:%{IR}.x-1.test exists:%%%_%-a.b1", "v=spf1 include:%{d2}.%{l1r-+,/_=}._x.%{o} ptr ptr:%{IR}.x-1.test exists:%%%_%-a.b1"},
		{"v=spf1 a:a:b/c.test/24", "v=spf1 a:a:b/c.test/24"},
		{"v=spf1 a:x.%{d}", "v=spf1 a:x.%{d}"},
		{"v=spf1 a:x.%%", "v=spf1 a:x.%%"},

		{"v=spf10", `octet 1, "v=spf10": does not begin with "v=spf1"`},
		{"", `octet 1, "": does not begin with "v=spf1"`},
		{"v=spf1\ta", `octet 1, "v=spf1\ta": does not begin with "v=spf1"`},
		{"v=spf1 a\tmx", `octet 8, "a\tmx": no mechanism`},
		{"v=spf1 foo", `octet 8, "foo": no mechanism`},
		{"v=spf1 a. -all", `octet 8, "a.": no mechanism`},
		{"v=spf1 192.0.2.1", `octet 8, "192.0.2.1": no mechanism: an address needs ip4: in front of it`},
		{"v=spf1 ipv4:192.0.2.1", `octet 8, "ipv4:192.0.2.1": no mechanism: they are called ip4 and ip6`},
		{"v=spf1 redirect:x.test", `octet 8, "redirect:x.test": no mechanism: a modifier has an equals sign behind its name, and nothing in front`},
		{"v=spf1 -exp=x.test", `octet 8, "-exp=x.test": no mechanism`},
		{"v=spf1 --all", `octet 8, "--all": no mechanism`},
		{"v=spf1 -", `octet 8, "-": no mechanism`},
		{"v=spf1 all:x.test", `octet 11, "all:x.test": all takes nothing behind it`},
		{"v=spf1 all/8", `octet 11, "all/8": all takes nothing behind it`},
		{"v=spf1 include", `octet 8, "include": include needs a domain`},
		{"v=spf1 include:", `octet 8, "include:": no domain is given`},
		{"v=spf1 include/24", `octet 15, "include/24": no prefix length, or where none may stand`},
		{"v=spf1 exists", `octet 8, "exists": exists needs a domain`},
		{"v=spf1 ptr/24", `octet 11, "ptr/24": no prefix length, or where none may stand`},
		{"v=spf1 a/33", `octet 10, "a/33": no prefix length from 0 to 32`},
		{"v=spf1 a//129", `octet 11, "a//129": no prefix length from 0 to 128`},
		{"v=spf1 a/024", `octet 10, "a/024": no prefix length from 0 to 32`},
		{"v=spf1 a/24/64", `octet 13, "a/24/64": no prefix length from 0 to 32`},
		{"v=spf1 a/24/6", `octet 9, "a/24/6": no prefix length, or where none may stand`},
		{"v=spf1 a/", `octet 9, "a/": no prefix length, or where none may stand`},
		{"v=spf1 a:x.test/", `octet 10, "a:x.test/": not a domain: its last label may have letters, digits and inner hyphens alone`},
		{"v=spf1 a:/24", `octet 8, "a:/24": no domain is given`},
		{"v=spf1 mx:test", `octet 11, "mx:test": not a domain: it has one label only`},
		{"v=spf1 mx:x.1", `octet 11, "mx:x.1": not a domain: its last label has no letter (addresses need ip4: or ip6:)`},
		{"v=spf1 mx:x.-a", `octet 11, "mx:x.-a": not a domain: its last label may have letters, digits and inner hyphens alone`},
		{"v=spf1 mx:x.a_b", `octet 11, "mx:x.a_b": not a domain: its last label may have letters, digits and inner hyphens alone`},
		{"v=spf1 mx:x.test..", `octet 11, "mx:x.test..": not a domain: its last label has no letter (addresses need ip4: or ip6:)`},
		{"v=spf1 ip4", `octet 8, "ip4": ip4 needs an address`},
		{"v=spf1 ip4:192.0.2", `octet 12, "ip4:192.0.2": not an IPv4 address`},
		{"v=spf1 ip4:192.0.2.01", `octet 12, "ip4:192.0.2.01": not an IPv4 address`},
		{"v=spf1 ip4:192.0.2.1/", `octet 8, "ip4:192.0.2.1/": no prefix length from 0 to 32`},
		{"v=spf1 ip4:192.0.2.1/33", `octet 22, "ip4:192.0.2.1/33": no prefix length from 0 to 32`},
		{"v=spf1 ip4:192.0.2.1//32", `octet 22, "ip4:192.0.2.1//32": no prefix length from 0 to 32`},
		{"v=spf1 ip4:2001:db8::1", `octet 12, "ip4:2001:db8::1": not an IPv4 address`},
		{"v=spf1 ip6:192.0.2.1", `octet 12, "ip6:192.0.2.1": not an IPv6 address`},
		{"v=spf1 ip6:fe80::1%eth0", `octet 12, "ip6:fe80::1%eth0": not an IPv6 address`},
		{"v=spf1 a:%{x}.test", `octet 10, "a:%{x}.test": unknown macro letter`},
		{"v=spf1 a:%{c}.test", `octet 10, "a:%{c}.test": macro that only explanations may have`},
		{"v=spf1 a:%{}.test", `octet 10, "a:%{}.test": macro without a letter`},
		{"v=spf1 a:x.%{d0}", `octet 12, "a:x.%{d0}": no parts of a macro are to be used`},
		{"v=spf1 a:x.%{dx}", `octet 12, "a:x.%{dx}": unknown delimiter in a macro`},
		{"v=spf1 a:x.%{d", `octet 12, "a:x.%{d": "%{" without "}"`},
		{"v=spf1 a:x.%d", `octet 12, "a:x.%d": "%" without "{", "%", "_" or "-" behind it`},
		{"v=spf1 a:x.test%", `octet 16, "a:x.test%": "%" at the end`},
		{"v=spf1 a:b\x00.test", `octet 11, "a:b\x00.test": an octet that may not stand there`},
		{"v=spf1 a:b\x80.test", `octet 11, "a:b?.test": an octet that may not stand there`},
		{"v=spf1 exp=a.test EXP=b.test", `octet 19, "EXP=b.test": a second exp=`},
		{"v=spf1 redirect=a.test redirect=a.test", `octet 24, "redirect=a.test": a second redirect=`},
		{"v=spf1 redirect=", `octet 8, "redirect=": no domain is given`},
		{"v=spf1 1a=b", `octet 8, "1a=b": no mechanism`},
		{"v=spf1 x=%{", `octet 10, "x=%{": "%{" without "}"`},
	}
	for _, test := range tests {
		got := ""
		if r, err := Parse(test.in); err != nil {
			got = err.Error()
		} else {
			got = r.String()
		}
		if got != test.want {
			t.Errorf("%q: got\n\t%s, want\n\t%s", test.in, got, test.want)
		}
	}
}

func TestParseRules(t *testing.T) {
	for in, want := range map[string]string{
		"a/24 mx/24 ptr":                    "v=spf1 a/24 mx/24 ptr",
		"-exists:%{ir}.bl.test":             "v=spf1 -exists:%{ir}.bl.test",
		"v=spf1 -all":                       "v=spf1 -all",
		"":                                  "v=spf1",
		"ptr ptr:other.test mx/16 ~all":     "v=spf1 ptr ptr:other.test mx/16 ~all",
		"include:spf.trusted-forwarder.org": "v=spf1 include:spf.trusted-forwarder.org",
	} {
		r, err := ParseRules(in)
		if err != nil || r.String() != want {
			t.Errorf("%q: got %v, %v", in, r, err)
		}
	}
	if _, err := ParseRules("a foo"); err == nil || err.Error() != `octet 3, "foo": no mechanism` {
		t.Errorf("got %v", err)
	}
}

// All of the faults are found, each in its place.
func TestParseAll(t *testing.T) {
	_, faults := ParseAll("v=spf1 a:x ip4:1 mx ipx -all x=%")
	var at []int
	for _, f := range faults {
		at = append(at, f.Pos)
	}
	if want := []int{9, 15, 20, 31}; !reflect.DeepEqual(at, want) {
		t.Errorf("got %v, want %v", at, want)
	}
}

// Whatever is read is written so that it is read as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"v=spf1 a/24//64 mx:x.test ?ip4:192.0.2.1/24 ~ip6:2001:db8::/32 -all",
		"v=spf1 include:%{d2}.%{l1r-+,/_=}._x.%{o} redirect=%{S}.test exp=x.test. a=b",
		"v=spf1 ip6:::ffff:192.0.2.1/0 exists:%%%_%-x.test ptr",
		"v=spf1 a:a:b/c.test/24 \x00 \xff =", "v=spf1" + strings.Repeat(" ", 3000) + "all",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, faults := ParseAll(text)
		for _, fault := range faults {
			if fault.Pos < 0 || fault.Pos > len(text) {
				t.Fatalf("%q: a fault at %d", text, fault.Pos)
			}
		}
		if len(faults) > 0 {
			return
		}
		written := r.String()
		again, err := Parse(written)
		if err != nil {
			t.Fatalf("%q, written as %q: %v", text, written, err)
		}
		for i := range again.Directives {
			again.Directives[i].Pos = r.Directives[i].Pos
		}
		if !reflect.DeepEqual(r.Directives, again.Directives) || again.String() != written {
			t.Fatalf("%q, written as %q, read as %q", text, written, again)
		}
	})
}
