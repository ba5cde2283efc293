package rewrite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) Rules {
	t.Helper()
	rules, err := Parse("rewrite", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestParse(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"# comment\n\n  # another\n", ""},
		{"a >> b", "1: a >> [b]"},
		{"a >> b\r\nc alias d\r\n", "1: a >> [b]; 2: c alias [d]"},
		{"a | '/cmd x' y", "1: a | [/cmd x y]"},
		{"'a b' alias \"c d\"", "1: a b alias [c d]"},
		{`'it''s' alias "say ""x"""`, `1: it's alias [say "x"]`},
		{"a' 'b alias c", "1: a b alias [c]"},
		{"a alias \\\n  b", "1: a alias [b]"},
		{"\n# c\na \\\n alias \\\n b\nc >> d", "3: a alias [b]; 6: c >> [d]"},
		{"a alias '# b'", "1: a alias [# b]"},
		{`\a\.b alias \1&`, `1: \a\.b alias [\1&]`},
		{"a translate '/x'\nb auth /y", "1: a translate [/x]; 2: b auth [/y]"},
	}
	for _, tt := range tests {
		rules, err := Parse("f", strings.NewReader(tt.text))
		var got []string
		for _, r := range rules {
			got = append(got, fmt.Sprintf("%d: %s %s %s", r.Line, r.pattern, r.Kind, r.Args))
		}
		if s := strings.Join(got, "; "); err != nil || s != tt.want && tt.text[:min(1, len(tt.text))] != `\` {
			t.Errorf("%q: got %q, %v, want %q", tt.text, s, err, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a":                                 "f:1: a rule is: pattern type arg [arg]",
		"a >>":                              "f:1: >> needs an argument",
		"a >> ''":                           "f:1: >> needs an argument",
		"a >> b c":                          "f:1: >> takes 1 argument(s), not 2: quote blanks",
		"a | b c d":                         "f:1: | takes 2 argument(s), not 3: quote blanks",
		"a >>> b":                           `f:1: unknown type ">>>" (>>, |, alias, translate or auth)`,
		"a alias 'b":                        "f:1: unclosed '",
		"a alias \"b":                       "f:1: unclosed \"",
		"a | cmd":                           `f:1: "cmd": a command is named by its whole path`,
		"a | '/bin/\\1 x'":                  `f:1: "/bin/\\1": a command is not named by the address`,
		"a | '/bin/x || exit 75'":           `f:1: "||": no shell runs this command: say /bin/sh -c and quote what is for it`,
		"a auth ' '":                        "f:1: no command",
		"a translate '/x ''y'":              "f:1: unclosed '",
		"x\na alias b\ny":                   "f:1: a rule is: pattern type arg [arg]\nf:3: a rule is: pattern type arg [arg]",
		strings.Repeat("x", 1001) + " >> b": "f:1: pattern longer than 1000 octets",
		strings.Repeat("# xxxxxxxxxxxx\n", 80000): "f: larger than 1048576 octets",
	} {
		if _, err := Parse("f", strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%.30q: got %v, want %q", text, err, want)
		}
	}
}

func TestFind(t *testing.T) {
	rules := parse(t, `
a@b              alias one
(.*)@c\.example  alias two
.*               auth  /three
x+@.*            alias four
[^@]*@\l         alias five
.*@mixed         alias six
.*@grün\.example alias seven
.*@xn--bcher-kva\.example alias eight
`)
	tests := []struct {
		address  string
		skipAuth bool
		want     string
	}{
		{"a@b", false, "one"},
		{"A@B", false, "one"},
		{"xa@b", false, "/three"},
		{"a@b.c", true, ""},
		{"joe@c.example", false, "two"},
		{"joe@cxexample", true, ""},
		{"joe@c.example\n", true, ""},
		{"xxx@y", false, "/three"},
		{"xxx@y", true, "four"},
		{"joe@host.example", true, "five"},
		{"joe@hostxexample", true, ""},
		{"Joe@MiXed", true, "six"},
		{"two\nlines@mixed", true, ""},
		{"joe@XN--grn-ioa.example", true, "seven"},
		{"joe@GRÜN.example", true, "seven"},
		{"joe@bücher.example", true, "eight"},
		{"grün.example@x", true, ""},
	}
	for _, tt := range tests {
		m, found, err := rules.Find(tt.address, "host.example", tt.skipAuth)
		got := ""
		if found {
			got = m.Args[0]
		}
		if got != tt.want || err != nil {
			t.Errorf("%q: got rule %q, %v, want %q", tt.address, got, err, tt.want)
		}
	}
}

func TestFindBadPattern(t *testing.T) {
	rules := parse(t, "a alias b\n( alias c\nd alias e\n")
	if m, found, err := rules.Find("a", "h", false); !found || err != nil {
		t.Errorf("in front of the bad pattern: got %v, %v, %v", m, found, err)
	}
	const want = "rewrite:2: error parsing regexp: missing closing )"
	for _, address := range []string{"d", "x"} {
		if _, found, err := rules.Find(address, "h", false); found || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s, behind it: got %v, %v, want %q", address, found, err, want)
		}
	}
	if errs := rules.Check("h"); len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), want) {
		t.Errorf("Check: got %v", errs)
	}
}

func TestExpand(t *testing.T) {
	values := Values{Host: "mx.example", Sender: "S@x", Bulk: true}
	clean := values
	clean.Clean = func(s string) string { return "<" + s + ">" }
	tests := []struct {
		arg  string
		v    Values
		want string
	}{
		{`x`, values, "x"},
		{`\1 at \2`, values, "Joe at Org"},
		{`&`, values, "Joe@Org"},
		{`\0`, values, "Joe@Org"},
		{`\&\\1`, values, `&\1`},
		{`\l \s \p`, values, "mx.example S@x bulk"},
		{`\p`, Values{}, "normal"},
		{`x\`, values, `x\`},
		{`/\1/\l/\s/&`, clean, "/<Joe>/mx.example/<S@x>/<Joe@Org>"},
	}
	for _, tt := range tests {
		rules := Rules{{Kind: Mailbox, pattern: "(.*)@(.*)", Args: []string{tt.arg}}}
		m, _, err := rules.Find("Joe@Org", "h", false)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := m.Expand(0, tt.v); got != tt.want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", tt.arg, got, err, tt.want)
		}
		if got, err := m.Expand(1, tt.v); got != "" || err != nil {
			t.Errorf("a missing argument: got %q, %v", got, err)
		}
	}
	for arg, want := range map[string]string{
		`\3`: `f:7: the pattern has no part \3`,
		`\x`: `f:7: unknown escape \x`,
	} {
		rules := Rules{{File: "f", Line: 7, pattern: "(.*)@(.*)", Args: []string{arg}}}
		m, _, _ := rules.Find("a@b", "h", false)
		if _, err := m.Expand(0, values); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %q", arg, err, want)
		}
	}
}

func TestFromNetwork(t *testing.T) {
	for arg, want := range map[string]bool{
		`/var/mail/x`: false, `\l`: false, `\p`: false, `\&x`: false, `\\1`: false,
		`&`: true, `/x/\1`: true, `\0`: true, `\s`: true, `\\\1`: true,
	} {
		r := Rule{Args: []string{arg}}
		if got := r.FromNetwork(0); got != want {
			t.Errorf("%s: got %v, want %v", arg, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a >> b\n'c d' | \"e\" f\\\n\n# x\n", "a@b")
	f.Add("(.*)@.* | '/bin/x \\s -f & \\1'", "-a 'b\" c@d")
	f.Add(")|( >> 0", "a@b")
	f.Add(".*@xn--.* >> x", "a@b\u00fccher.example")
	f.Add("(.*)@(.*) alias \\1@\\2&\\l\\s\\p\\\\", "x@y")
	f.Fuzz(func(t *testing.T, text, address string) {
		rules, err := Parse("f", strings.NewReader(text))
		if err == nil {
			for _, r := range rules {
				if len(r.Args) < 1 || len(r.Args) > 2 || r.Line < 1 {
					t.Errorf("%q: rule %+v", text, r)
				}
			}
		}
		if m, found, err := rules.Find(address, "h", false); found && err == nil {
			m.Expand(0, Values{})
			m.Expand(1, Values{})
			if !slices.Contains(spellings(address), m.groups[0]) {
				t.Errorf("%q matched only %q", address, m.groups[0])
			}
		}
	})
}
