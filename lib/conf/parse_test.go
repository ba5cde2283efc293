package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// show writes lines for comparison: number, name, [args], and a mark for style.
func show(lines []Line) []string {
	var out []string
	for _, l := range lines {
		mark := ""
		if l.Style {
			mark = " style"
		}
		out = append(out, fmt.Sprintf("%d %s %q%s", l.Num, l.Name, l.Args, mark))
	}
	return out
}

func testEnv(name string) (string, bool) {
	values := map[string]string{"POSTOFFICE": "/var/spool/po", "EMPTY": "", "TWO": "a b"}
	v, ok := values[name]
	return v, ok
}

func TestParse(t *testing.T) {
	tests := []struct {
		name    string
		dialect Dialect
		text    string
		want    []string
		err     string
	}{
		{"nothing", Native, "", nil, ""},
		{"words", Native, "A\nB c\n\tD  e\tf \n", []string{`1 A []`, `2 B ["c"]`, `3 D ["e" "f"]`}, ""},
		{"no newline at the end", Native, "A b", []string{`1 A ["b"]`}, ""},
		{"CRLF", Native, "A b\r\nC d\r\n", []string{`1 A ["b"]`, `2 C ["d"]`}, ""},
		{"comments", Native, "# one\n  # two\nA b # c\nD e#f\nG \"#h\" \\#i\n",
			[]string{`3 A ["b"]`, `4 D ["e#f"]`, `5 G ["#h" "#i"]`}, ""},
		{"comment does not continue", Native, "# one \\\nA b # two \\\nC d\n", []string{`2 A ["b"]`, `3 C ["d"]`}, ""},
		{"quotes", Native, `A "b c" d" "e "" "f\"g\\h"`, []string{`1 A ["b c" "d e" "" "f\"g\\h"]`}, ""},
		{"backslash", Native, `A b\ c \d`, []string{`1 A ["b c" "d"]`}, ""},
		{"continuation", Native, "A b \\\n  c\nD e\\\nf\nG \"h\\\ni\"\n",
			[]string{`1 A ["b" "c"]`, `3 D ["ef"]`, `5 G ["hi"]`}, ""},
		{"continuation with CRLF", Native, "A b \\\r\n c\r\n", []string{`1 A ["b" "c"]`}, ""},
		{"continuation into the end", Native, "A b \\", []string{`1 A ["b"]`}, ""},
		{"an escaped backslash does not continue", Native, "A b\\\\\nC\n", []string{`1 A ["b\\"]`, `2 C []`}, ""},
		{"open quote", Native, "A \"b\nC \"d e\"\nF \"\n", []string{`2 C ["d e"]`},
			"t:1: a \" is not closed\nt:3: a \" is not closed"},

		{"quoted Hostname", Avenger, `Hostname "quo\ted"`, []string{`1 Hostname ["quoted"]`}, ""},
		{"no comment behind", Avenger, "# one\nA b # c\n", []string{`2 A ["b" "#" "c"]`}, ""},
		{"no closing quote", Avenger, "A \"b\nC d\n", []string{`2 C ["d"]`}, `t:1: a " is not closed`},
		{"env", Avenger, "Env PATH=/bin\\ x\n", []string{`1 Env ["PATH=/bin x"]`}, ""},

		{"separators", Plan9, "ourdomains  a.example, *.b.example,\tc,,d\n",
			[]string{`1 ourdomains ["a.example" "*.b.example" "c" "d"]`}, ""},
		{"lower case", Plan9, "NoRelay On\n", []string{`1 norelay ["on"]`}, ""},
		{"comment anywhere", Plan9, "#a\nnorelay on#off\nA \\#b\\ \\Cd # e\n",
			[]string{`2 norelay ["on"]`, `3 a ["#b Cd"]`}, ""},
		{"no continuation, no quotes", Plan9, "a \"b c\" \\\nd\n", []string{`1 a ["\"b" "c\"" "\\"]`, `2 d []`}, ""},
		{"empty lines", Plan9, "\n , ,\n", nil, ""},

		{"params", ZMailer, "PARAM use-tls\nparam\tmaxsize 1000  # big\n PARAM not this\n#PARAM nor this\n",
			[]string{`1 use-tls []`, `2 maxsize ["1000"]`}, ""},
		{"three arguments", ZMailer, "PARAM etrn-cluster a b c d\n", []string{`1 etrn-cluster ["a" "b" "c"]`}, ""},
		{"two kinds of quotes", ZMailer, `PARAM x 'a "b' "c 'd" e` + "\n", []string{`1 x ["a \"b" "c 'd" "e"]`}, ""},
		{"open quote", ZMailer, "PARAM x 'a b\nPARAM y\n", []string{`1 x ["a b"]`, `2 y []`},
			"t:1: PARAM x: a quote is not closed"},
		{"expansion", ZMailer, "PARAM p $POSTOFFICE/a ${POSTOFFICE}b $(POSTOFFICE)\n",
			[]string{`1 p ["/var/spool/po/a" "/var/spool/pob" "/var/spool/po"]`}, ""},
		{"nothing to expand", ZMailer, "PARAM p a$$b $NONE-${NO $\n", []string{`1 p ["a$b" "$NONE-${NO" "$"]`}, ""},
		{"expansion to nothing and to words", ZMailer, "PARAM p x$EMPTY $TWO\n", []string{`1 p ["x" "a" "b"]`}, ""},
		{"style lines", ZMailer, "BAD.example !go  away\n*.ok.example veR more\n127.0.0.1 -\nh 10 !X y\nsome.host * !NO\n* 999 ve\n",
			[]string{`1 bad.example ["!go  away"] style`, `2 *.ok.example ["veR"] style`, `3 127.0.0.1 ["-"] style`,
				`4 h ["!X y"] style`, `5 some.host ["!NO"] style`, `6 * ["ve" "999"] style`}, ""},
		{"bad zmailer lines", ZMailer, "alone\nPARAM\nh 10\n", nil,
			"t:1: the style line for alone has no flags\nt:2: PARAM without a name\nt:3: the style line for h has no flags"},
		{"long line", ZMailer, "PARAM help " + strings.Repeat("x", 2000) + "\n",
			[]string{fmt.Sprintf(`1 help ["%s"]`, strings.Repeat("x", 1023-len("PARAM help ")))},
			"t:1: the line is longer than 1023 octets, its end is dropped"},

		{"values", Proxsmtpd, "# c\n  OutAddress:10026 \nFilterReject: 530 Email: \"Rejected\" # x\n\nHeader:\n",
			[]string{`2 OutAddress ["10026"]`, `3 FilterReject ["530 Email: \"Rejected\" # x"]`, `5 Header [""]`}, ""},
		{"no colon", Proxsmtpd, "a\n: b\nc: d\n", []string{`3 c ["d"]`},
			"t:1: no \":\" behind the name in \"a\"\nt:2: no name in front of the \":\""},

		{"no dialect", "sendmail", "a", nil, `t: unknown dialect "sendmail" (there are native, avenger, plan9, zmailer, proxsmtpd)`},
	}
	for _, tt := range tests {
		t.Run(string(tt.dialect)+" "+tt.name, func(t *testing.T) {
			lines, err := parse(tt.dialect, "t", tt.text, testEnv)
			if got := show(lines); !slices.Equal(got, tt.want) {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
			if got := errText(err); got != tt.err {
				t.Errorf("error\ngot  %s\nwant %s", got, tt.err)
			}
			if warnings, fatal := Split(err); err != nil && (fatal != nil) == tt.dialect.lenient() {
				t.Errorf("warnings %v, fatal %v", warnings, fatal)
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestRaw(t *testing.T) {
	tests := []struct {
		dialect    Dialect
		text, want string
	}{
		{ZMailer, "PARAM  hdr220   %H 'it''s' $POSTOFFICE # x ", "%H 'it''s' $POSTOFFICE # x"},
		{ZMailer, "PARAM help", ""},
		{Proxsmtpd, "Header:  X-A: \"b\" ", `X-A: "b"`},
		{Native, "Banner  \"%H x\"  y # z", `"%H x"  y`},
		{Native, "Banner a \\\n b", "a  b"},
	}
	for _, tt := range tests {
		lines, err := parse(tt.dialect, "t", tt.text, testEnv)
		if err != nil || len(lines) != 1 || lines[0].Raw != tt.want {
			t.Errorf("%s %q: %+v, %v; want Raw %q", tt.dialect, tt.text, lines, err, tt.want)
		}
	}
}

func TestParseBounds(t *testing.T) {
	if _, err := Parse(Native, "t", strings.NewReader(strings.Repeat("#", MaxFile))); err != nil {
		t.Errorf("the longest file: %v", err)
	}
	_, err := Parse(Native, "t", strings.NewReader(strings.Repeat("#", MaxFile+1)))
	if got, want := errText(err), "t: longer than 1 MiB"; got != want {
		t.Errorf("a longer one: %q, want %q", got, want)
	}
	_, err = Parse(Native, "t", strings.NewReader(strings.Repeat("\"\n", 10*MaxErrors)))
	if got := strings.Count(errText(err), "\n") + 1; got != MaxErrors+1 || !strings.HasSuffix(err.Error(), "too many errors, the rest is not shown") {
		t.Errorf("%d errors, want %d and that there are more", got, MaxErrors)
	}
}

func TestSplitSpec(t *testing.T) {
	tests := []struct {
		spec string
		d    Dialect
		file string
	}{
		{"/etc/x", "", "/etc/x"},
		{"avenger:/etc/x", Avenger, "/etc/x"},
		{"ZMailer:x:y", ZMailer, "x:y"},
		{"other:x", "", "other:x"},
		{":x", "", ":x"},
	}
	for _, tt := range tests {
		if d, file := splitSpec(tt.spec); d != tt.d || file != tt.file {
			t.Errorf("splitSpec(%q) = %q, %q; want %q, %q", tt.spec, d, file, tt.d, tt.file)
		}
	}
}

func TestDetect(t *testing.T) {
	tests := []struct {
		head string
		want Dialect
	}{
		{"", ""}, {"A b\n#dialect plan9\n", ""}, {"# dialect plan9\n", ""}, {"#dialects plan9\n", ""},
		{"#dialect\n", ""}, {"#dialect plan9", Plan9}, {"#dialect\t Avenger \r\nA\n", Avenger}, {"#dialect x\n", "x"},
	}
	for _, tt := range tests {
		if got := detect([]byte(tt.head)); got != tt.want {
			t.Errorf("detect(%q) = %q, want %q", tt.head, got, tt.want)
		}
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "smtpd.conf")
	tests := []struct {
		prefix, text string
		face, want   Dialect
	}{
		{"", "A b\n", "", Native},
		{"", "A b\n", Plan9, Plan9},
		{"", "#dialect avenger\nA b\n", Plan9, Avenger},
		{"plan9:", "#dialect avenger\nA b\n", "", Plan9},
	}
	for _, tt := range tests {
		if err := os.WriteFile(name, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, lines, err := Read(tt.prefix+name, tt.face)
		if d != tt.want || len(lines) != 1 || err != nil || lines[0].File != name {
			t.Errorf("%q with face %q: %s, %v, %v; want %s and a line", tt.prefix+tt.text, tt.face, d, lines, err, tt.want)
		}
	}
	if _, _, err := Read(filepath.Join(dir, "none"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v, want that it does not exist", err)
	}
	if _, _, err := Read(dir, ""); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a folder: %v, want an error that names it", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"A b \\\n c # d\n", "A \"b\\\"\" ''\n", "PARAM p $X ${Y} $(Z) $$ 'a\n", "h.example 10 !no\n", "a, b\\,c #\n", "X: y\n", "\\", "\"\\\n\\",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range []Dialect{Native, Avenger, Plan9, ZMailer, Proxsmtpd} {
			lines, err := parse(d, "t", text, testEnv)
			if warnings, fatal := Split(err); d.lenient() && fatal != nil || !d.lenient() && warnings != nil {
				t.Fatalf("%s: warnings %v, fatal %v", d, warnings, fatal)
			}
			last := 0
			for _, l := range lines {
				if l.Num < last || l.Num > strings.Count(text, "\n")+1 {
					t.Fatalf("%s: line %d behind line %d of %q", d, l.Num, last, text)
				}
				last = l.Num
			}
			roundTrip(t, lines)
		}
	})
}

// roundTrip writes lines in the native grammar and reads them again.
func roundTrip(t *testing.T, lines []Line) {
	for _, l := range lines {
		words := append([]string{l.Name}, l.Args...)
		if strings.ContainsAny(strings.Join(words, ""), "\r\n") {
			continue
		}
		text := quoteAll(words)
		again, err := parse(Native, "t", text+" # comment\n", testEnv)
		if err != nil || len(again) != 1 {
			t.Fatalf("%q from %q: %v, %v", text, words, again, err)
		}
		if got := append([]string{again[0].Name}, again[0].Args...); !slices.Equal(got, words) {
			t.Fatalf("%q gives %q, want %q", text, got, words)
		}
	}
}
