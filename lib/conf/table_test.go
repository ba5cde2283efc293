package conf

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// settings are what the directives of newTable set.
type settings struct {
	host    string
	rcpts   int
	size    int64
	timeout time.Duration
	tls     string
	dsn     bool
	relay   bool
	nets    []netip.Prefix
	domains []string
	help    []string
	header  string
	styles  [][]string
	rate    string
}

func newTable() (*settings, *Table) {
	s := &settings{rcpts: 100, size: 10 << 20, timeout: 5 * time.Minute, dsn: true, domains: []string{"localhost"}}
	half := len(testRows) / 2
	return s, NewTable(Of(testRows[:half], s), Of(testRows[half:], s))
}

var testRows = []Row[settings]{
	{Name: "Hostname", Args: "name", Help: "Our name.", Value: func(s *settings) Value { return String(&s.host) }},
	{Name: "MaxRcpts", Synonyms: []string{"RcptLimitCount", "RcptLimitCnt"}, Args: "number", Default: "100",
		Old: Old{Avenger: "5"}, Unsafe: Old{ZMailer: "10000"},
		Help: "Recipients of a message. More are deferred.", Value: func(s *settings) Value { return Int(&s.rcpts, 1, 50000) }},
	{Name: "MaxMsgSize", Synonyms: []string{"maxsize"}, Args: "octets", Default: "10M", Help: "Size of a message.", Value: func(s *settings) Value { return Size(&s.size) }},
	{Name: "SMTPTimeout", Args: "time", Default: "5m", Help: "Time.", Value: func(s *settings) Value { return Duration(&s.timeout) }},
	{Name: "TLS", Args: "[no|yes|must]", Help: "Whether.", Value: func(s *settings) Value { return Choice(&s.tls, "no", "yes", "must") }},
	{Name: "DSN", Synonyms: []string{"!NoDSN"}, Args: "[on|off]", Default: "on", Help: "Notifications.", Value: func(s *settings) Value { return Bool(&s.dsn) }},
	{Name: "NoRelay", Args: "[on|off]", Default: "off", Help: "No relaying.", Value: func(s *settings) Value { return Bool(&s.relay) }},
	{Name: "TrustedNet", Synonyms: []string{"ournets"}, Args: "network ...", Repeat: true, Help: "Nets.", Value: func(s *settings) Value { return Nets(&s.nets) }},
	{Name: "Domains", Args: "domain ...", Default: "localhost", Old: Old{Plan9: Unset}, Repeat: true, Help: "Ours.", Value: func(s *settings) Value { return Strings(&s.domains) }},
	{Name: "Help", Args: "text", Raw: true, Repeat: true, Help: "A line of HELP.", Value: func(s *settings) Value { return Lines(&s.help) }},
	{Name: "Header", Args: "text", Raw: true, Help: "A line.", Value: func(s *settings) Value { return String(&s.header) }},
	{Name: "Style", Style: true, Repeat: true, Args: "pattern flags [load]", Help: "By HELO.", Value: func(s *settings) Value {
		return Func(func(args []string) error {
			s.styles = append(s.styles, args)
			return nil
		})
	}},
	{Name: "MaxErrorsPerIP", Args: "rate", Default: "off", Help: "Errors.", Value: func(s *settings) Value {
		return Func(func(args []string) error {
			s.rate = strings.Join(args, "/")
			return nil
		})
	}},
	{Name: "MaxClients", Args: "number", Help: "Sessions.", Other: "listen"},
}

func TestLoad(t *testing.T) {
	tests := []struct {
		name    string
		dialect Dialect
		text    string
		show    func(*settings) any
		want    string
		err     string
	}{
		{"nothing", Native, "", func(s *settings) any { return []any{s.rcpts, s.dsn, s.domains} }, "[100 true [localhost]]", ""},
		{"case and hyphens", Native, "max-RCPTS 7\n", func(s *settings) any { return s.rcpts }, "7", ""},
		{"synonym", Native, "RcptLimitCnt 7\n", func(s *settings) any { return s.rcpts }, "7", ""},
		{"negated synonym", ZMailer, "PARAM No-DSN\n", func(s *settings) any { return s.dsn }, "false", ""},
		{"negated synonym with a word", Native, "NoDSN off\n", func(s *settings) any { return s.dsn }, "true", ""},
		{"other defaults", Avenger, "", func(s *settings) any { return s.rcpts }, "5", ""},
		{"the file wins over them", Avenger, "MaxRcpts 6\n", func(s *settings) any { return s.rcpts }, "6", ""},
		{"unsafe defaults are not followed", ZMailer, "", func(s *settings) any { return s.rcpts }, "100", ""},
		{"lists add, and replace the default", Native, "Domains a b\nDomains c\n", func(s *settings) any { return s.domains }, "[a b c]", ""},
		{"an old default that sets nothing", Plan9, "", func(s *settings) any { return s.domains }, "[]", ""},
		{"a wrong line does not empty a list", Avenger, "Domains\nDomains a\nDomains b\n", func(s *settings) any { return s.domains }, "[a b]", "t:1: Domains: needs an argument"},
		{"upas nets", Plan9, "ournets 10.1, 192.0.2 198.51.100.7 2001:db8::/32\n", func(s *settings) any { return s.nets },
			"[10.1.0.0/16 192.0.2.0/24 198.51.100.7/32 2001:db8::/32]", ""},
		{"upas on", Plan9, "NORELAY ON\n", func(s *settings) any { return s.relay }, "true", ""},
		{"upas only on", Plan9, "norelay yes\n", func(s *settings) any { return s.relay }, "false", "t:1: norelay: needs the word on or off"},
		{"raw of zmailer", ZMailer, "PARAM help It's  $HOME # x\nPARAM help\nPARAM help c\n",
			func(s *settings) any { return strings.Join(s.help, "|") }, "It's  $HOME # x||c", ""},
		{"raw of proxsmtpd", Proxsmtpd, "Header: X: \"a\"\n", func(s *settings) any { return s.header }, `X: "a"`, ""},
		{"raw in native", Native, "Header X: \"a  b\" c\n", func(s *settings) any { return s.header }, "X: a  b c", ""},
		{"empty value", Proxsmtpd, "Header:\nTLS: must\nTLS: no\n", func(s *settings) any { return s.header + s.tls }, "no", ""},
		{"style lines", ZMailer, "A.example 5 !go away\n* ve\n", func(s *settings) any { return fmt.Sprintf("%q", s.styles) },
			`[["a.example" "!go away"] ["*" "ve"]]`, ""},
		{"style in native", Native, "Style a \"!go away\" 5\nStyle * ve\n", func(s *settings) any { return fmt.Sprintf("%q", s.styles) },
			`[["a" "!go away" "5"] ["*" "ve"]]`, ""},
		{"for another program", Native, "MaxClients 5 and more\n", func(s *settings) any { return "" }, "", ""},

		{"all errors at once", Native, "MaxClinets 3\nMaxRcpts x\nNothing\nHostname a b\nDSN maybe\nMaxRcpts 0\nTLS\nSMTPTimeout soon\nMaxMsgSize big\nTrustedNet 1.2.3.4/33\nTLS x\n",
			func(s *settings) any { return s.rcpts }, "100",
			`t:1: unknown directive "MaxClinets" (did you mean MaxClients?)
t:2: MaxRcpts: "x" is not a number
t:3: unknown directive "Nothing"
t:4: Hostname: "b" is one argument too many (a blank is protected by quotes)
t:5: DSN: "maybe" is neither on nor off
t:6: MaxRcpts is set already, at t:2
t:7: TLS: needs an argument
t:8: SMTPTimeout: "soon" is not a time: write seconds, or a form like 5m or 1h30m
t:9: MaxMsgSize: "big" is not a size: write octets, or a number with K, M or G
t:10: TrustedNet: "1.2.3.4/33" is not a network: write an address, or one with /bits
t:11: TLS is set already, at t:7`},
		{"lenient: the default stays, the last counts", Avenger, "MaxRcpts 70000\nNothing\nDomains\nTLS no\nTLS YES\n",
			func(s *settings) any { return []any{s.rcpts, s.domains, s.tls} }, "[5 [localhost] yes]",
			"t:1: MaxRcpts: 70000 is not in 1 to 50000\nt:2: unknown directive \"Nothing\"\nt:3: Domains: needs an argument"},
		{"proxsmtpd is strict", Proxsmtpd, "Haeder: x\n", func(s *settings) any { return "" }, "",
			`t:1: unknown directive "Haeder" (did you mean Header?)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, err := parse(tt.dialect, "t", tt.text, testEnv)
			if err != nil {
				t.Fatal(err)
			}
			s, table := newTable()
			err = table.Load(tt.dialect, lines)
			if got := fmt.Sprint(tt.show(s)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := errText(err); got != tt.err {
				t.Errorf("error\ngot  %s\nwant %s", got, tt.err)
			}
			if _, fatal := Split(err); err != nil && (fatal != nil) == tt.dialect.lenient() {
				t.Errorf("fatal %v", fatal)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	_, table := newTable()
	if _, err := table.ReadFile(Source{Spec: name}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v, want that it does not exist", err)
	}
	if warnings, err := table.ReadFile(Source{Usual: name}); warnings != nil || err != nil {
		t.Errorf("no usual file: %v, %v; want nothing", warnings, err)
	}
	lenient := "#dialect avenger\nTLS \"x\nNothing\nHostname h\n"
	strict := "TLS \"x\nNothing\n"
	tests := []struct {
		text     string
		foreign  bool
		warnings string
		fatal    string
		host     string
	}{
		{lenient, false, "F:2: a \" is not closed\nF:3: unknown directive \"Nothing\"", "", "h"},
		{lenient, true, "F:2: a \" is not closed", "", "h"},
		{strict, false, "", "F:1: a \" is not closed\nF:2: unknown directive \"Nothing\"", ""},
		{strict, true, "", "F:1: a \" is not closed", ""},
		{"Nothing\nHostname h\n", true, "", "", "h"},
	}
	for _, tt := range tests {
		os.WriteFile(name, []byte(tt.text), 0o600)
		s, table := newTable()
		warnings, fatal := table.ReadFile(Source{Usual: name, Foreign: tt.foreign})
		got := []string{"", strings.ReplaceAll(errText(fatal), name, "F"), s.host}
		if warnings != nil {
			got[0] = strings.ReplaceAll(warnings.Error(), name, "F")
		}
		if want := []string{tt.warnings, tt.fatal, tt.host}; !slices.Equal(got, want) {
			t.Errorf("%q, foreign %v:\ngot  %q\nwant %q", tt.text, tt.foreign, got, want)
		}
	}
}

func TestFlag(t *testing.T) {
	for _, before := range []bool{true, false} {
		s, table := newTable()
		lines, _ := parse(Native, "t", "Hostname file\nDomains a\n", testEnv)
		flags := func() {
			for name, value := range map[string]string{"hostname": "flag", "Domains": "b"} {
				if err := table.Flag("-x", name, value); err != nil {
					t.Fatal(err)
				}
			}
		}
		if before {
			flags()
		}
		if err := table.Load(Native, lines); err != nil {
			t.Fatal(err)
		}
		if !before {
			flags()
		}
		if s.host != "flag" || !slices.Equal(s.domains, []string{"b"}) {
			t.Errorf("flags before the file %v: %q, %q; want those of the flags", before, s.host, s.domains)
		}
		var b strings.Builder
		table.Check(&b)
		if !strings.Contains(b.String(), "Hostname flag  # -x\n") {
			t.Errorf("flags before the file %v: check says\n%s", before, &b)
		}
	}
	s, table := newTable()
	if got, want := errText(table.Flag("-r", "MaxRcpts", "x")), `-r: "x" is not a number`; got != want || s.rcpts != 100 {
		t.Errorf("wrong flag: %q and %d, want %q and the default", got, s.rcpts, want)
	}
	if got, want := errText(table.Flag("-r", "none")), `-r: unknown directive "none"`; got != want {
		t.Errorf("unknown flag: %q, want %q", got, want)
	}
}

func TestCheck(t *testing.T) {
	_, table := newTable()
	lines, err := parse(ZMailer, "c", "PARAM maxsize 2000000\nPARAM help a \"b\nPARAM help\nh.example 10 !no more\nPARAM MaxClients 3\nPARAM NoDSN\nPARAM MaxErrorsPerIP 5 6\n", testEnv)
	if err := errors.Join(err, table.Load(ZMailer, lines)); err != nil && !strings.Contains(err.Error(), "quote") {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := table.Check(&got); err != nil {
		t.Fatal(err)
	}
	want := `#Hostname  # default
MaxRcpts 100  # default; that of zmailer, 10000, would be unsafe
MaxMsgSize 2000000  # c:1
SMTPTimeout 5m  # default
#TLS  # default
DSN off  # c:6
NoRelay off  # default
#TrustedNet  # default
Domains localhost  # default
Help "a \"b"  # c:3
Help ""  # c:3
#Header  # default
Style h.example "!no more"  # c:4
MaxErrorsPerIP 5 6  # c:7
MaxClients 3  # c:5, obeyed by listen
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &got, want)
	}
	checkReadsBack(t, got.String())
}

// checkReadsBack reads what Check wrote as a native file and checks that.
func checkReadsBack(t *testing.T, text string) {
	t.Helper()
	_, table := newTable()
	lines, err := parse(Native, "c", text, testEnv)
	if err := errors.Join(err, table.Load(Native, lines)); err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	table.Check(&again)
	if got, want := withoutComments(again.String()), withoutComments(text); got != want {
		t.Errorf("read back\ngot\n%s\nwant\n%s", got, want)
	}
}

func withoutComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		before, _, _ := strings.Cut(line, "  # ")
		b.WriteString(before + "\n")
	}
	return b.String()
}

func TestSuggest(t *testing.T) {
	_, table := newTable()
	tests := []struct{ wrong, want string }{
		{"MaxRcpt", "MaxRcpts"}, {"maxrctps", "MaxRcpts"}, {"Max-Recpts", "MaxRcpts"}, {"nodns", "NoDSN"},
		{"Q", ""}, {"", ""}, {"SomethingElse", ""}, {strings.Repeat("x", 1000), ""}, {"tsl", "TLS"},
	}
	for _, tt := range tests {
		if got := table.suggest(tt.wrong); got != tt.want {
			t.Errorf("suggest(%.20q) = %q, want %q", tt.wrong, got, tt.want)
		}
	}
}

// A line of an old program that means nothing today is accepted, and Check
// says why it does nothing; a value of which a part means nothing has a note.
func TestVoidAndNote(t *testing.T) {
	var word string
	value := String(&word)
	value.Note = func() string { return word + " means nothing in part" }
	table := NewTable(Of([]Row[settings]{
		{Name: "tls-dh1024", Args: "file", Void: "the groups are built in"},
		{Name: "tls-dh512", Args: "file", Void: "never shown"},
		{Name: "Ciphers", Args: "list", Help: "Ciphers.", Value: func(*settings) Value { return value }},
	}, new(settings)))
	if err := table.Verify(); err != nil {
		t.Error(err)
	}
	lines, err := Parse(Native, "f", strings.NewReader("TLSdh1024 /x\nCiphers ALL\n"))
	if err == nil {
		err = table.Load(Native, lines)
	}
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := table.Check(&got); err != nil {
		t.Fatal(err)
	}
	want := "tls-dh1024 /x  # f:1, has no effect: the groups are built in\nCiphers ALL  # f:2; ALL means nothing in part\n"
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", &got, want)
	}
}

// A section passes on all that a row says.
func TestSectionAt(t *testing.T) {
	var r Row[settings]
	v := reflect.ValueOf(&r).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Struct:
			f.Field(0).SetString("x")
		}
	}
	r.Value = func(s *settings) Value { return String(&s.host) }
	d := Of([]Row[settings]{r}, new(settings)).at(0)
	if d.Set == nil {
		t.Error("there is no Value")
	}
	got := reflect.ValueOf(d.row)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != "Value" && got.FieldByName(name).IsZero() {
			t.Errorf("%s is lost", name)
		}
	}
}

func TestSame(t *testing.T) {
	for _, a := range []string{"", "-", "a", "A-b", "ab-", "-AB", "abc", "a-c", "Max-Rcpts", "maxrcpts"} {
		for _, b := range []string{"", "--", "A", "ab", "a-B-", "bc", "abcd", "MAXRCPTS"} {
			if got, want := same(a, b), fold(a) == fold(b); got != want {
				t.Errorf("same(%q, %q) = %v", a, b, got)
			}
		}
	}
}
