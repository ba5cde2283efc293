package auth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// usersOf makes a back-end of a file with these lines.
func usersOf(t *testing.T, lines ...string) *Users {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "users")
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return NewUsers(UsersOptions{File: name, Seed: filepath.Join(dir, "seed"), Complain: func(err error) { t.Log(err) }})
}

// entry is a line for a file of users.
func entry(t testing.TB, name string, s Scheme, password string) string {
	t.Helper()
	e, err := MakeEntry(name, s, password)
	if err != nil {
		t.Fatal(err)
	}
	return e.String()
}

// exchange says the responses in turn; nil is no initial response.
func exchange(t *testing.T, b Backend, mechanism string, p Peer, responses ...[]byte) (string, error) {
	t.Helper()
	x, err := b.Begin(context.Background(), mechanism, p)
	if err != nil {
		return "", err
	}
	defer x.Close()
	for _, r := range responses {
		_, done, err := x.Next(context.Background(), r)
		if err != nil {
			return x.User(), err
		}
		if done {
			return x.User(), nil
		}
	}
	t.Fatalf("%s: not at its end after %d responses", mechanism, len(responses))
	return "", nil
}

// logIn plays a client against a back-end.
func logIn(b Backend, c Choice, with Credentials, p Peer) (user string, err error) {
	client, err := Choose(c, with)
	if err != nil {
		return "", err
	}
	x, err := b.Begin(context.Background(), client.Mechanism(), p)
	if err != nil {
		return "", err
	}
	defer x.Close()
	response, first := client.Initial()
	if !first {
		response = nil
	}
	for {
		challenge, done, err := x.Next(context.Background(), response)
		if err != nil {
			return x.User(), err
		}
		if done {
			return x.User(), client.Finish()
		}
		if response, err = client.Next(challenge); err != nil {
			return "", err
		}
	}
}

func TestPlain(t *testing.T) {
	u := usersOf(t, entry(t, "ann", PlainScheme, "secret"), entry(t, "bob", ScramScheme, "geheim"))
	for _, tt := range []struct {
		response string
		want     error
	}{
		{"\x00ann\x00secret", nil},
		{"ann\x00ann\x00secret", nil},
		{"\x00bob\x00geheim", nil},
		{"bob\x00ann\x00secret", ErrCredentials}, // act as another
		{"\x00ann\x00Secret", ErrCredentials},
		{"\x00ann\x00", ErrCredentials},
		{"\x00bob\x00secret", ErrCredentials},
		{"\x00eve\x00secret", ErrCredentials},
		{"\x00eve\x00geheim", ErrCredentials},
		{"", ErrSyntax},
		{"ann\x00secret", ErrSyntax},
		{"\x00\x00secret", ErrSyntax},
		{"\x00ann\x00secret\x00", ErrSyntax},
		{"\x00an\nn\x00secret", ErrSyntax},
		{"\x00an\x7fn\x00secret", ErrSyntax},
		{"\x00" + strings.Repeat("a", MaxName+1) + "\x00secret", ErrSyntax},
		{"\x00ann\x00" + strings.Repeat("s", MaxPassword+1), ErrSyntax},
	} {
		_, err := exchange(t, u, Plain, Peer{}, []byte(tt.response))
		if !errors.Is(err, tt.want) {
			t.Errorf("%.60q: %v, want %v", tt.response, err, tt.want)
		}
	}
}

func TestInitialResponseOrNot(t *testing.T) {
	u := usersOf(t, entry(t, "ann", PlainScheme, "secret"))
	for _, tt := range []struct {
		mechanism string
		responses []string
	}{
		{Plain, []string{"\x00ann\x00secret"}},
		{Login, []string{"ann", "secret"}},
	} {
		list := [][]byte{nil}
		for _, r := range tt.responses {
			list = append(list, []byte(r))
		}
		if user, err := exchange(t, u, tt.mechanism, Peer{}, list...); user != "ann" || err != nil {
			t.Errorf("%s without an initial response: %q, %v", tt.mechanism, user, err)
		}
		if user, err := exchange(t, u, tt.mechanism, Peer{}, list[1:]...); user != "ann" || err != nil {
			t.Errorf("%s with an initial response: %q, %v", tt.mechanism, user, err)
		}
	}
	if _, err := exchange(t, u, Login, Peer{}, []byte("ann"), []byte(strings.Repeat("s", MaxPassword+1))); !errors.Is(err, ErrSyntax) {
		t.Errorf("LOGIN with a password that is too long: %v", err)
	}
	if _, err := exchange(t, u, CramMD5, Peer{}, []byte("ann x")); !errors.Is(err, ErrSyntax) {
		t.Errorf("CRAM-MD5 with an initial response: %v", err)
	}
}

// The example of RFC 2195 section 2.
func TestCramVector(t *testing.T) {
	got := cramDigest("tanstaaftanstaaf", []byte("<1896.697170952@postoffice.reston.mci.net>"))
	if want := "b913a602c7eda7a495b4e6e7334d3890"; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestCram(t *testing.T) {
	u := usersOf(t, entry(t, "a nn", PlainScheme, "secret"), entry(t, "bob", ScramScheme, "geheim"))
	c := Choice{Offered: []string{CramMD5}}
	p := Peer{Host: "mx.test"}
	for _, tt := range []struct {
		user, password string
		want           error
	}{
		{"a nn", "secret", nil},
		{"a nn", "wrong", ErrCredentials},
		{"bob", "geheim", ErrCredentials}, // not to be had of his entry
		{"eve", "secret", ErrCredentials},
	} {
		if _, err := logIn(u, c, Credentials{User: tt.user, Password: tt.password}, p); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.user, err, tt.want)
		}
	}
	x, _ := u.Begin(context.Background(), CramMD5, p)
	y, _ := u.Begin(context.Background(), CramMD5, p)
	a, _, _ := x.Next(context.Background(), nil)
	b, _, _ := y.Next(context.Background(), nil)
	if string(a) == string(b) || !strings.HasSuffix(string(a), "@mx.test>") {
		t.Errorf("challenges %q and %q", a, b)
	}
	if _, _, err := x.Next(context.Background(), []byte("no-blank")); !errors.Is(err, ErrSyntax) {
		t.Errorf("a response without a blank: %v", err)
	}
}

func TestMechanismsOfUsers(t *testing.T) {
	plain, scram := entry(t, "ann", PlainScheme, "x"), entry(t, "bob", ScramScheme, "x")
	const bcrypt = "joe:$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"
	for _, tt := range []struct {
		lines []string
		want  string
	}{
		{nil, "PLAIN LOGIN"},
		{[]string{plain}, "SCRAM-SHA-256-PLUS SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN"},
		{[]string{"# users", "", scram}, "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN"},
		{[]string{plain, scram}, "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN"},
		{[]string{plain, bcrypt}, "PLAIN LOGIN"},
	} {
		got, err := usersOf(t, tt.lines...).Mechanisms(context.Background())
		if strings.Join(got, " ") != tt.want || err != nil {
			t.Errorf("%q: %v, %v; want %s", tt.lines, got, err, tt.want)
		}
	}
	missing := NewUsers(UsersOptions{File: filepath.Join(t.TempDir(), "none")})
	if list, err := missing.Mechanisms(context.Background()); !errors.Is(err, ErrUnavailable) || list != nil {
		t.Errorf("without a file: %v, %v", list, err)
	}
}

func TestUnknownMechanism(t *testing.T) {
	u := usersOf(t, entry(t, "ann", PlainScheme, "x"))
	for _, m := range []string{"", "GSSAPI", "plain", XOAuth2, ScramPlus /* no channel */} {
		if _, err := u.Begin(context.Background(), m, Peer{}); !errors.Is(err, ErrMechanism) {
			t.Errorf("%q: %v", m, err)
		}
	}
	p := NewProgram(ProgramOptions{Path: "/bin/true"})
	if _, err := p.Begin(context.Background(), CramMD5, Peer{}); !errors.Is(err, ErrMechanism) {
		t.Errorf("a program and CRAM-MD5: %v", err)
	}
}

func TestPlaintext(t *testing.T) {
	for m, want := range map[string]bool{Plain: true, Login: true, "OAUTHBEARER": true, CramMD5: false, Scram: false, ScramPlus: false} {
		if Plaintext(m) != want {
			t.Errorf("%s: %v", m, !want)
		}
	}
}

func TestSlots(t *testing.T) {
	u := usersOf(t, entry(t, "ann", PlainScheme, "x"))
	u.options.Slots = func(context.Context) (func(), error) { return nil, ErrBusy }
	if _, err := exchange(t, u, Plain, Peer{}, []byte("\x00ann\x00x")); !errors.Is(err, ErrBusy) {
		t.Errorf("without a slot: %v", err)
	}
	released := 0
	u.options.Slots = func(context.Context) (func(), error) { return func() { released++ }, nil }
	for _, password := range []string{"x", "y"} {
		exchange(t, u, Plain, Peer{}, []byte("\x00ann\x00"+password))
	}
	if released != 2 {
		t.Errorf("%d slots were given back, want 2", released)
	}
}
