package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSetKeepsOrder(t *testing.T) {
	r := Of("client_port", "42", "client_address", "192.0.2.1", "sender", "", "spf", "none")
	r.Set("sender", "a@example.org")
	r.SetInt("size", -12)
	r.Delete("client_port")
	r.Delete("spf")
	r.Delete("spf")
	r.Set("bad name", "x")
	r.Set("", "x")
	r.Set(strings.Repeat("x", MaxName+1), "x")
	want := "client_address=192.0.2.1 sender=a@example.org size=-12"
	if got := r.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r.Reset(); r.Len() != 0 {
		t.Errorf("reset, it has %s", &r)
	}
}

func TestValidName(t *testing.T) {
	const octets = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
	for c := range 256 {
		s := string([]byte{byte(c)})
		if got, want := ValidName(s), strings.Contains(octets, s); got != want {
			t.Errorf("%q: got %v", s, got)
		}
	}
	for n, want := range map[int]bool{0: false, MaxName: true, MaxName + 1: false} {
		if got := ValidName(strings.Repeat("x", n)); got != want {
			t.Errorf("%d octets: got %v", n, got)
		}
	}
}

func TestOf(t *testing.T) {
	for _, pairs := range [][]string{{"a", "1", "b", ""}, {"a", "1", "b", "", "c"}} {
		if r := Of(pairs...); r.String() != `a=1 b=""` {
			t.Errorf("%q: got %s", pairs, &r)
		}
	}
}

func TestLookup(t *testing.T) {
	r := Of("sender", "")
	if v, ok := r.Lookup("sender"); v != "" || !ok {
		t.Errorf("empty: %q, %v", v, ok)
	}
	if v, ok := r.Lookup("recipient"); v != "" || ok {
		t.Errorf("absent: %q, %v", v, ok)
	}
}

func TestCloneAndMerge(t *testing.T) {
	a := Of("sender", "a", "size", "1")
	b := a.Clone()
	other := Of("size", "2", "spf", "pass")
	b.Merge(&other)
	if got, want := a.String()+"|"+b.String(), "sender=a size=1|sender=a size=2 spf=pass"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if b.Len() != 3 {
		t.Errorf("Len = %d", b.Len())
	}
	for name, value := range b.All() {
		if b.Value(name) != value {
			t.Errorf("All: %s=%s", name, value)
		}
		break
	}
}

func TestParseLine(t *testing.T) {
	tests := []struct{ line, want string }{
		{"", ""},
		{"  \t ", ""},
		{"a=1 b=2", "a=1 b=2"},
		{"\ta=1\t\tb=2 \r\n", "a=1 b=2"},
		{"a= b=", `a="" b=""`},
		{`a="" b="x y"`, `a="" b="x y"`},
		{"sender=prvs=12=a@example.org", `sender="prvs=12=a@example.org"`},
		{`helo_name=a"b`, `helo_name="a\"b"`},
		{`a="\"\\\n\x00\xff\u00e9"`, `a="\"\\\n\x00\xffé"`},
		{"a=1 b=2 a=3", "a=3 b=2"},
		{`a=\x41`, `a=\x41`},
		{"time=2026-11-21T00:00:00Z level=INFO msg=x", "time=2026-11-21T00:00:00Z level=INFO msg=x"},
		{"word", `not a record: "word" is not name=value`},
		{"a=1 word b=2", `not a record: "word" is not name=value`},
		{"=1", `not a record: "=1" is not name=value`},
		{`"a"=1`, `not a record: "\"a\"=1" is not name=value`},
		{"a;b=1", `not a record: "a;b=1" is not name=value`},
		{`a="x`, "not a record: value of a is not properly quoted"},
		{`a="x\`, "not a record: value of a is not properly quoted"},
		{`a="x\q"`, "not a record: value of a is not properly quoted"},
		{"a=\"x\ny\"", "not a record: value of a is not properly quoted"},
		{`a="x"y`, "not a record: value of a goes on behind its quotes"},
		{"a=" + strings.Repeat("x", MaxSize-2), "a=" + strings.Repeat("x", MaxSize-2)},
		{strings.Repeat("x", MaxSize+1), fmt.Sprintf("record too long: %d octets", MaxSize+1)},
		{manyAttributes(MaxAttributes), strings.TrimSuffix(manyAttributes(MaxAttributes), " ")},
		{manyAttributes(MaxAttributes + 1), "record too long: more than 256 attributes"},
	}
	for _, tt := range tests {
		r, err := ParseLine([]byte(tt.line))
		got := r.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%.60q:\n got %.100s\nwant %.100s", tt.line, got, tt.want)
		}
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d=1 ", i)
	}
	return b.String()
}

func TestIsLine(t *testing.T) {
	for line, want := range map[string]bool{
		"sender=": true, "\tsender=a b": true, "sender": false, "=sender=": false,
		"192.0.2.1 sender=a": false, "prvs=1=a@example.org": false, "": false,
	} {
		if got := IsLine([]byte(line)); got != want {
			t.Errorf("%q: got %v", line, got)
		}
	}
}

func TestFromWords(t *testing.T) {
	tests := []struct{ words, want string }{
		{"192.0.2.1", "client_address=192.0.2.1"},
		{"192.0.2.1 a@example.org", "client_address=192.0.2.1 sender=a@example.org"},
		{"192.0.2.1 <> mx.example", `client_address=192.0.2.1 sender="" helo_name=mx.example`},
		{"192.0.2.1 prvs=1=a@example.org", `client_address=192.0.2.1 sender="prvs=1=a@example.org"`},
		{"", "not a record: want name=value ... or address [sender [helo]]"},
		{"1 2 3 4", "not a record: want name=value ... or address [sender [helo]]"},
	}
	for _, tt := range tests {
		r, err := FromWords(strings.Fields(tt.words))
		got := r.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.words, got, tt.want)
		}
	}
}

func TestEnviron(t *testing.T) {
	r := Of("client_address", "192.0.2.1", "unknown_thing", "x", "sender", "a\nb",
		"recipient", "\x00", "spf_explanation", "", "PATH", "/evil", "path", "/evil")
	got := r.Environ()
	want := []string{"CLIENT_IP=192.0.2.1", "SENDER=a\nb", "SPF_EXPL="}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestXAvenger(t *testing.T) {
	tests := []struct {
		r    Record
		want string
	}{
		{Of(), ""},
		{Of("sender", "a"), ""},
		{
			Of("post", "1", "client_port", "42", "client_address", "192.0.2.1", "version", "1", "server_name", "mx.example"),
			"version=1; receiver=mx.example; client-ip=192.0.2.1;\n\tclient-port=42; post",
		},
		{
			Of("colon_space", "0", "eager_pipelining", "", "post", "1", "network_hops", ""),
			"post; network-hops=",
		},
		{
			Of("rbl", "a.example (127.0.0.2 127.0.0.4), b.example (127.0.0.2)", "rbl_errors", "evil\r\nX: y; ~\x7f\xff\x00é",
				"network_path", "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5"),
			"network-path=192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5;\n" +
				"\tRBL=a.example (127.0.0.2 127.0.0.4), b.example (127.0.0.2);\n\tRBL-errors=evil X: y? ~????",
		},
	}
	for _, tt := range tests {
		if got := string(tt.r.AppendXAvenger(nil)); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.r.String(), got, tt.want)
		}
	}
}

// A line is broken where it would be longer than 78 columns, a tab being eight
// (RFC 5322 2.1.1), and only there; a word is cut, so that none is longer than
// 998 octets.
func TestXAvengerLines(t *testing.T) {
	r := Of("network_path", strings.Repeat("192.0.2.1 ", 500), "rbl", strings.Repeat("x", 5000))
	field := "X-Avenger: " + string(r.AppendXAvenger(nil))
	lines := strings.Split(strings.ReplaceAll(field, "\t", strings.Repeat(" ", 8)), "\n")
	rbl := len(lines) - 1
	if n := len(lines[rbl]); n != 8+maxToken {
		t.Errorf("the long word's line has %d octets", n)
	}
	for _, line := range lines[:rbl] {
		if n := len(line); n > 78 || n < 78-len(" 192.0.2.1") && line != lines[rbl-1] {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestTable(t *testing.T) {
	names, envs, tokens := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, a := range Attributes() {
		if !ValidName(a.Name) || a.Name != strings.ToLower(a.Name) || names[a.Name] {
			t.Errorf("%s: bad or double name", a.Name)
		}
		if a.Env == "" || a.Env != strings.ToUpper(a.Env) || envs[a.Env] {
			t.Errorf("%s: bad or double variable %s", a.Name, a.Env)
		}
		if a.Token != "" && tokens[a.Token] {
			t.Errorf("%s: double token %s", a.Name, a.Token)
		}
		if a.Help == "" || strings.HasSuffix(strings.TrimSuffix(a.Help, "..."), ".") {
			t.Errorf("%s: help %q", a.Name, a.Help)
		}
		if found, ok := Find(a.Name); !ok || found != a {
			t.Errorf("Find(%s) = %v, %v", a.Name, found, ok)
		}
		names[a.Name], envs[a.Env], tokens[a.Token] = true, true, true
	}
	wantAll(t, "attribute", names, `request protocol_state protocol_name helo_name queue_id sender recipient
		recipient_count client_address client_name reverse_client_name instance sasl_method sasl_username
		sasl_sender size ccert_subject ccert_issuer ccert_fingerprint encryption_protocol encryption_cipher
		encryption_keysize etrn_domain stress ccert_pubkey_fingerprint client_port policy_context
		server_address server_port compatibility_level mail_version
		id body smtputf8 eager_pipelining colon_space post verdict check reply reason mailer time lines errors
		spf spf_domain spf_explanation rbl rbl_errors syn_fingerprint network_hops network_path bounce_res host error`)
	wantAll(t, "variable", envs, `CLIENT CLIENT_IP CLIENT_REVIP CLIENT_NAME CLIENT_PORT CLIENT_HELO CLIENT_IDENT
		CLIENT_SYNFP CLIENT_SYNOS CLIENT_PIPELINING CLIENT_POST CLIENT_COLONSPACE CLIENT_NETHOPS CLIENT_NETPATH
		CLIENT_NETPATH_TIME CLIENT_DNSFAIL SENDER_BOUNCERES MAIL_ERROR AUTH_USER SSL_ISSUER SSL_SUBJECT
		SSL_VERSION SSL_CIPHER SENDER SENDER_LOCAL SENDER_HOST SENDER_MXES RECIPIENT RECIPIENT_LOCAL
		RECIPIENT_HOST EXT SUFFIX SEPARATOR USER HOST MYIP MYPORT SPF SPF0 SPF1 SPF_EXPL RBL UFLINE`)
	wantAll(t, "token", tokens, `version receiver client-ip client-port client-dnsfail bounce-res syn-fingerprint
		colon-space eager-pipelining post network-hops network-path network-path-time RBL RBL-errors`)
	for _, steering := range strings.Fields("PATH HOME TMPDIR ETCDIR SHELL IFS ENV LINES COLUMNS TIME LANG") {
		if envs[steering] {
			t.Errorf("a record can set $%s", steering)
		}
	}
}

func wantAll(t *testing.T, what string, have map[string]bool, want string) {
	t.Helper()
	for _, name := range strings.Fields(want) {
		if !have[name] {
			t.Errorf("no %s %s in the table", what, name)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	r := Of("client_address", "192.0.2.1", "client_port", "4242", "helo_name", "mx.example",
		"sender", "a@example.org", "recipient", "b@example.net", "size", "4096", "verdict", "accept",
		"reply", "250 2.0.0 kept as 4f3a", "id", "4f3a")
	var line []byte
	for b.Loop() {
		line = r.AppendLine(line[:0])
		if _, err := ParseLine(line); err != nil {
			b.Fatal(err)
		}
	}
}

// encoding/json reads what we write, and finds all of it.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{"", "a", `"\`, "\x00\x1f\x7f", "\xff", "é\u2028", "</script>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := Of("sender", value, "size", "1")
		var got map[string]string
		if err := json.Unmarshal(r.AppendJSON(nil), &got); err != nil {
			t.Fatalf("%s: %v", r.AppendJSON(nil), err)
		}
		if want := strings.ToValidUTF8(value, "\ufffd"); len(got) != 2 || got["size"] != "1" || got["sender"] != want && utf8.ValidString(value) {
			t.Fatalf("%q comes back as %q", value, got)
		}
	})
}

func TestAppendJSON(t *testing.T) {
	r := Of("client_address", "192.0.2.1", "sender", "", "reason", " a\"\\\n\x7f~\x80é")
	want := `{"client_address":"192.0.2.1","sender":"","reason":" a\"\\\u000a\u007f~` + "\ufffdé\"}"
	if got := string(r.AppendJSON(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var none Record
	if got := string(none.AppendJSON(nil)); got != "{}" {
		t.Errorf("of nothing: %s", got)
	}
}
