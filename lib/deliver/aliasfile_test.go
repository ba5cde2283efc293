package deliver

import (
	"strings"
	"testing"
)

func TestParseAliases(t *testing.T) {
	tests := []struct{ name, text, key, want string }{
		{"simple", "a: b\n", "a", " b"},
		{"no line end", "a: b", "a", " b"},
		{"case", "AbC: b\n", "aBc", " b"},
		{"carriage returns", "a: b\r\nc: d\r\n", "c", " d"},
		{"continuation", "a: b,\n\tc\n  d\nx: y\n", "a", " b,\nc\nd"},
		{"comment between", "a: b,\n# no\n\n c\n", "a", " b,\nc"},
		{"quoted", `"a b\"c": d`, `A b"c`, " d"},
		{"blanks", "a  \t:b\n", "a", "b"},
		{"colon in it", "a: :include:/x\n", "a", " :include:/x"},
	}
	for _, tt := range tests {
		table, err := parseAliases("f", []byte(tt.text))
		if err != nil || table.broken != nil {
			t.Errorf("%s: %v, %v", tt.name, err, table.broken)
			continue
		}
		if got, ok := table.find(tt.key); got != tt.want || !ok {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, ok, tt.want)
		}
	}
}

func TestParseAliasesErrors(t *testing.T) {
	for text, want := range map[string]string{
		"words\n":         "f:1: not an entry: name: member, member",
		"a: b\n: c\n":     "f:2: not an entry: name: member, member",
		"a b: c\n":        "f:1: not an entry: name: member, member",
		"\"a: c\n":        "f:1: unclosed quote",
		"\"a\" c\n":       `f:1: no colon behind "a"`,
		"\n\na: b\nA: c":  `f:4: alias "A" is there twice`,
		"x\ny: z\n a\nq ": "f:1: not an entry: name: member, member\nf:4: not an entry: name: member, member",
	} {
		table, err := parseAliases("f", []byte(text))
		if err != nil || table.broken == nil || table.broken.Error() != want {
			t.Errorf("%q: got %v, %v, want %q", text, err, table.broken, want)
		}
	}
}

func TestParseMembers(t *testing.T) {
	tests := []struct {
		text string
		want []member
	}{
		{"", nil},
		{" , ,", nil},
		{"a", []member{{"a", address}}},
		{"a, b@c ,\n d", []member{{"a", address}, {"b@c", address}, {"d", address}}},
		{`"a, b"`, []member{{"a, b", address}}},
		{`"a, b"@c, d`, []member{{`"a, b"@c`, address}, {"d", address}}},
		{`"x \" , y"@c`, []member{{`"x \" , y"@c`, address}}},
		{`\a`, []member{{"a", itself}}},
		{`|/cmd`, []member{{"/cmd", command}}},
		{`"|/cmd 'x, y' \"z\""`, []member{{`/cmd 'x, y' z`, command}}},
		{`/a/b`, []member{{"/a/b", file}}},
		{`":include:/x"`, []member{{"/x", include}}},
		{`:Include: /x`, []member{{"/x", include}}},
		{"a\n# b\nc", []member{{"a", address}, {"c", address}}},
	}
	for _, tt := range tests {
		got, err := parseMembers(tt.text)
		if err != nil || len(got) != len(tt.want) {
			t.Errorf("%q: got %v, %v, want %v", tt.text, got, err, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%q: got %v, want %v", tt.text, got, tt.want)
			}
		}
	}
	for text, want := range map[string]string{
		`"|cmd`:                               "unclosed quote",
		`|`:                                   "no command",
		`|cmd`:                                `"cmd": a command is named by its whole path`,
		`"|/cmd 'x"`:                          "unclosed '",
		`:include:x`:                          "must begin with /",
		`""`:                                  `"" is no address`,
		strings.Repeat("a,", maxMembers) + "": "",
		strings.Repeat("a,", maxMembers+1):    "more than 10000 members",
	} {
		if _, err := parseMembers(text); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzAliases(f *testing.F) {
	f.Add("a: b, c\n d\n\"x y\": |cmd, /f, :include:/x\n#\n")
	f.Add("a: \"|x\\\" y\", \\z, \"q\"@r <s@t>\n")
	f.Add("\u212a@b\u00fccher.\u0130: a@\u212a\nXN--a@XN--B: x\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := parseAliases("f", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for name, members := range table.entries {
			empty := strings.HasSuffix(name, ".") // a label, which nobody has in his address
			if got, ok := table.find(name); name != strings.ToLower(name) || !empty && (got != members || !ok) {
				t.Errorf("%q is not found by its name", name)
			}
			list, err := parseMembers(members)
			if err != nil {
				continue
			}
			for _, m := range list {
				if addr, err := parseAddress(m.text); m.kind == address && err == nil && addr.Domain != "" {
					if again, err := parseAddress(addr.String()); again != addr || err != nil {
						t.Errorf("%q is %v, and that %v, %v", m.text, addr, again, err)
					}
				}
			}
		}
	})
}
