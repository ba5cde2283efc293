package smtp

import (
	"errors"
	"strings"
	"testing"
)

func TestParsePath(t *testing.T) {
	local64 := strings.Repeat("l", 64)
	label := strings.Repeat("d", 63)
	domain186 := label + "." + label + "." + strings.Repeat("e", 58)
	tests := []struct {
		keyword, arg, syntax string
		want, route, rest    string
		space                bool
	}{
		{"FROM", "FROM:<a@b.example>", "", "a@b.example", "", "", false},
		{"FROM", "from:<a@b.example> SIZE=1", "", "a@b.example", "", " SIZE=1", false},
		{"FROM", "FROM: <a@b>", "", "a@b", "", "", true},
		{"FROM", "FROM:\t<a@b>", "", "a@b", "", "", true},
		{"FROM", "FROM:<>", "", "", "", "", false},
		{"FROM", "FROM:<> RET=HDRS", "", "", "", " RET=HDRS", false},
		{"TO", "TO:<Postmaster>", "", "Postmaster", "", "", false},
		{"TO", "TO:<a!b%c@d>", "", "a!b%c@d", "", "", false},
		{"TO", "TO:<a=b/c'd+e#f$g&h*i-j?k^l_m`n{o|p}q~r!s@d>", "", "a=b/c'd+e#f$g&h*i-j?k^l_m`n{o|p}q~r!s@d", "", "", false},
		{"TO", `TO:<"a b"@c>`, "", `"a b"@c`, "", "", false},
		{"TO", `TO:<"a\"\\\ b>"@c>`, "", `"a\"\\ b>"@c`, "", "", false},
		{"TO", `TO:<"ab.c"@d>`, "", "ab.c@d", "", "", false},
		{"TO", `TO:<""@c>`, "", `""@c`, "", "", false},
		{"TO", `TO:<"a@b"@c>`, "", `"a@b"@c`, "", "", false},
		{"TO", "TO:<a@[192.0.2.1]>", "", "a@[192.0.2.1]", "", "", false},
		{"TO", "TO:<a@[IPv6:2001:db8::1]>", "", "a@[IPv6:2001:db8::1]", "", "", false},
		{"TO", "TO:<@x,@y.example:a@b>", "", "a@b", "@x,@y.example", "", false},
		{"TO", "TO:<@[192.0.2.1]:a@b>", "", "a@b", "@[192.0.2.1]", "", false},
		{"TO", "TO:<a@under_score.example>", "", "a@under_score.example", "", "", false},
		{"TO", "TO:<" + local64 + "@" + domain186 + ">", "", local64 + "@" + domain186, "", "", false},
		{"TO", "TO:<l" + local64 + "@b>", "long", "l" + local64 + "@b", "", "", false},
		{"TO", "TO:<\u00fc@\u00e9.example>", "utf8", "\u00fc@\u00e9.example", "", "", false},
		{"TO", "TO:<\"\u00fc \"@b>", "utf8", "\"\u00fc \"@b", "", "", false},
		{"TO", "TO:<joe>", "local", "joe", "", "", false},
		{"FROM", "FROM:<joe>", "local", "joe", "", "", false},
		{"FROM", "FROM:a@b SIZE=1", "loose", "a@b", "", " SIZE=1", false},
		{"FROM", "FROM: a@b", "loose", "a@b", "", "", true},
		{"FROM", "FROM: < a@b. > X", "loose", "a@b", "", " X", true},
		{"FROM", "FROM:<<a@b>>", "loose", "a@b", "", "", false},
		{"FROM", "FROM:<<a@b>", "loose", "a@b", "", "", false},
		{"FROM", "FROM:< >", "loose", "", "", "", false},
	}
	for _, tt := range tests {
		p, rest, space, err := ParsePath(tt.keyword, tt.arg, syntaxOf(tt.syntax))
		if err != nil {
			t.Errorf("%s: %v", tt.arg, err)
			continue
		}
		if p.String() != tt.want || p.Route != tt.route || rest != tt.rest || space != tt.space || p.Null != (tt.want == "") {
			t.Errorf("%s: got %+v %s, rest %q, space %v", tt.arg, p, p, rest, space)
		}
	}
}

func syntaxOf(word string) Syntax {
	return Syntax{UTF8: word == "utf8", Loose: word == "loose", LongLocal: word == "long", Local: word == "local"}
}

func TestParsePathErrors(t *testing.T) {
	label := strings.Repeat("d", 63) + "."
	tests := []struct{ keyword, arg, syntax, want string }{
		{"FROM", "", "", "501 5.5.4 FROM:<address> expected"},
		{"FROM", "FROM", "", "501 5.5.4 FROM:<address> expected"},
		{"FROM", "TO:<a@b>", "", "501 5.5.4 FROM:<address> expected"},
		{"FROM", "FROM <a@b>", "", "501 5.5.4 FROM:<address> expected"},
		{"FROM", "FROM:", "", "501 5.5.4 address in angle brackets expected"},
		{"FROM", "FROM: ", "loose", "501 5.5.4 address in angle brackets expected"},
		{"FROM", "FROM:a@b", "", "501 5.5.4 address in angle brackets expected"},
		{"FROM", "FROM:<a@b>SIZE=1", "", "501 5.5.4 junk behind the address"},
		{"FROM", "FROM:<a@b>>", "", "501 5.5.4 junk behind the address"},
		{"FROM", "FROM:<<a@b>>", "", "501 5.1.7 malformed local part"},
		{"FROM", "FROM:<a@b", "", "501 5.1.7 no bracket at the end of the address"},
		{"FROM", "FROM:<a@b c>", "", "501 5.1.7 no bracket at the end of the address"},
		{"FROM", "FROM:<a b@c>", "", "501 5.1.7 address without a domain"},
		{"FROM", "FROM:<joe>", "", "501 5.1.7 address without a domain"},
		{"FROM", "FROM:<postmaster>", "", "501 5.1.7 address without a domain"},
		{"FROM", "FROM:<", "", "501 5.1.7 malformed local part"},
		{"TO", "TO:<>", "", "501 5.1.3 a mailbox expected"},
		{"TO", "TO:< >", "", "501 5.1.3 malformed local part"},
		{"TO", "TO:<@b>", "", "501 5.1.3 malformed source route"},
		{"TO", "TO:<a@>", "", "501 5.1.3 no domain"},
		{"TO", "TO:<@>", "", "501 5.1.3 no domain"},
		{"TO", "TO:<a..b@c>", "", "501 5.1.3 malformed local part"},
		{"TO", "TO:<.a@c>", "", "501 5.1.3 malformed local part"},
		{"TO", "TO:<a.@c>", "", "501 5.1.3 malformed local part"},
		{"TO", "TO:<a@b@c>", "", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a(b)@c>", "", "501 5.1.3 address without a domain"},
		{"TO", "TO:<a@b..c>", "", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a@b.c.>", "", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a@-b>", "", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a@b-.c>", "", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a@b/c>", "", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a@../etc>", "", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a@$(id)>", "", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a@[192.0.2.256]>", "", "501 5.1.3 malformed address literal"},
		{"TO", "TO:<a@[192.0.2.1>", "", "501 5.1.3 malformed address literal"},
		{"TO", "TO:<a@[2001:db8::1]>", "", "501 5.1.3 malformed address literal"},
		{"TO", "TO:<a@[IPv6:fe80::1%eth0]>", "", "501 5.1.3 malformed address literal"},
		{"TO", "TO:<a@[x:y]>", "", "501 5.1.3 malformed address literal"},
		{"TO", `TO:<"a@b>`, "", "501 5.1.3 malformed quoted local part"},
		{"TO", "TO:<\"a\rb\"@c>", "", "501 5.1.3 malformed quoted local part"},
		{"TO", "TO:<\"a\\\nb\"@c>", "", "501 5.1.3 malformed quoted local part"},
		{"TO", "TO:<\"a\\", "", "501 5.1.3 malformed quoted local part"},
		{"TO", `TO:<"a"b@c>`, "", "501 5.1.3 address without a domain"},
		{"TO", "TO:<@x,y:a@b>", "", "501 5.1.3 malformed source route"},
		{"TO", "TO:<@x:@y:a@b>", "", "501 5.1.3 malformed local part"},
		{"TO", "TO:<" + strings.Repeat("l", 65) + "@b>", "", "501 5.1.3 local part too long"},
		{"TO", "TO:<a@" + label + label + label + strings.Repeat("e", 61) + ">", "", "501 5.1.3 address too long"},
		{"TO", "TO:<a@d" + label + "b>", "", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a@" + label + label + label + label + "e>", "", "501 5.1.3 domain too long"},
		{"TO", "TO:<@" + label + label + "x:a@" + label + label + "b>", "", "501 5.1.3 address too long"},
		{"TO", "TO:<\u00fc@b>", "", "553 5.6.7 address is not ASCII"},
		{"TO", "TO:<\"\u00fc\"@b>", "", "553 5.6.7 address is not ASCII"},
		{"TO", "TO:<a@\u00fc>", "", "553 5.6.7 domain is not ASCII"},
		{"TO", "TO:<a@b\u3002c>", "utf8", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a\uff20b>", "utf8", "501 5.1.3 address without a domain"},
		{"TO", "TO:<a@b\uff20c>", "utf8", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a@b\xff>", "utf8", "501 5.1.3 malformed domain"},
		{"TO", "TO:<a\xffb@c>", "utf8", "501 5.1.3 address without a domain"},
		{"TO", "TO:<a\u0085b@c>", "utf8", "501 5.1.3 address without a domain"},
		{"TO", "TO:<\"a\u202eb\"@c>", "utf8", "501 5.1.3 malformed quoted local part"},
	}
	for _, tt := range tests {
		p, _, _, err := ParsePath(tt.keyword, tt.arg, syntaxOf(tt.syntax))
		var e *AddressError
		if !errors.As(err, &e) {
			t.Errorf("%.60s: got %+v, %v", tt.arg, p, err)
			continue
		}
		if got := e.Reply(tt.keyword == "FROM").String(); got != tt.want {
			t.Errorf("%.60s: got %q, want %q", tt.arg, got, tt.want)
		}
	}
}

func TestParseMailbox(t *testing.T) {
	for in, want := range map[string]Mailbox{
		"a@b":            {"a", "b"},
		"postmaster":     {"postmaster", ""},
		`"a b"@c`:        {"a b", "c"},
		"a@[192.0.2.1]":  {"a", "[192.0.2.1]"},
		"\u00fc@example": {"\u00fc", "example"},

		strings.Repeat("l", 252) + "@b": {strings.Repeat("l", 252), "b"},
	} {
		if got, err := ParseMailbox(in, true); got != want || err != nil {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"":                         "malformed local part",
		"joe":                      "address without a domain",
		"<a@b>":                    "malformed local part",
		"a@b c@d":                  "junk behind the address",
		"a@b,c@d":                  "junk behind the address",
		"\u00fc@b":                 "address is not ASCII",
		strings.Repeat("a", 10000): "address too long",
	} {
		if _, err := ParseMailbox(in, false); err == nil || err.Error() != want {
			t.Errorf("%.50s: got %v, want %s", in, err, want)
		}
	}
}

func TestMailboxString(t *testing.T) {
	for want, m := range map[string]Mailbox{
		"":              {},
		"postmaster":    {"postmaster", ""},
		"a.b@c":         {"a.b", "c"},
		`"a..b"@c`:      {"a..b", "c"},
		`"a\"\\b"@c`:    {`a"\b`, "c"},
		`"a??b"@c`:      {"a\r\nb", "c"},
		`""@c`:          {"", "c"},
		"\u00fc@c":      {"\u00fc", "c"},
		"\"\u00fc \"@c": {"\u00fc ", "c"},
	} {
		if got := m.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if !(Mailbox{"a", "b"}).IsASCII() || (Mailbox{"\u00fc", "b"}).IsASCII() || (Mailbox{"a", "\u00fc"}).IsASCII() {
		t.Error("IsASCII")
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{
		"FROM:<a@b> SIZE=1", "FROM: <>", "FROM:<@x,@y:a@b>", `FROM:<"a\"b"@[IPv6:::1]>`, "FROM:<<a@b.>>", "FROM:\u00fc@\u00e9 X",
		"FROM:<\"\\", "FROM:<\x00@b>", "FROM:<a@b\u3002c>",
	} {
		f.Add(s, byte(0))
		f.Add(s, byte(15))
	}
	f.Add("FROM:"+strings.Repeat("0", 255), byte(15)) // too long only with its brackets
	f.Fuzz(func(t *testing.T, in string, bits byte) {
		s := Syntax{UTF8: bits&1 > 0, Loose: bits&2 > 0, LongLocal: bits&4 > 0, Local: bits&8 > 0}
		p, rest, _, err := ParsePath("FROM", in, s)
		if err != nil {
			if err.(*AddressError).Reply(true).Class() != 5 {
				t.Errorf("%q: %v", in, err)
			}
			return
		}
		if !strings.HasSuffix(in, rest) || p.Null != p.IsZero() || !s.UTF8 && !p.IsASCII() {
			t.Errorf("%q: %+v, rest %q", in, p, rest)
		}
		for _, c := range p.Local + p.Domain + p.Route {
			if isControl(c) {
				t.Errorf("%q: a control character in %+v", in, p)
			}
		}
		again, _, _, err := ParsePath("FROM", "FROM:<"+p.String()+">", s)
		if err != nil || again.Mailbox != p.Mailbox {
			t.Errorf("%q: as %s it is %+v, %v", in, p, again, err)
		}
	})
}

// Addresses as long as they may be are taken, and no longer ones (RFC 5321
// 4.5.3.1).
func TestLengths(t *testing.T) {
	long := strings.Repeat("a.", 128)
	for n, ok := range map[int]bool{MaxDomain: true, MaxDomain + 1: false} {
		if err := CheckDomain(long[:n-1]+"b", false); (err == nil) != ok {
			t.Errorf("a domain of %d octets: %v", n, err)
		}
	}
	for n, ok := range map[int]bool{63: true, 64: false} {
		if err := CheckDomain(strings.Repeat("x", n)+".example", false); (err == nil) != ok {
			t.Errorf("a label of %d octets: %v", n, err)
		}
	}
	for n, ok := range map[int]bool{MaxPath: true, MaxPath + 1: false} {
		mailbox := "x@" + long[:n-len("<x@>")-1] + "b"
		if _, _, _, err := ParsePath("TO", "TO:<"+mailbox+"> NOTIFY=NEVER", Syntax{}); (err == nil) != ok {
			t.Errorf("a path of %d octets: %v", n, err)
		}
		if _, err := ParseMailbox(mailbox, false); (err == nil) != ok {
			t.Errorf("a mailbox of %d octets: %v", n-len("<>"), err)
		}
	}
}
