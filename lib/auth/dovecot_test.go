package auth

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

const greeting = "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nMECH\tSCRAM-SHA-256\tmutual-auth\n" +
	"MECH\tSCRAM-SHA-256-PLUS\tmutual-auth\nMECH\nMECH\tplain\nMECH\tX-GUEST\tanonymous\n" +
	"MECH\tEXTERNAL\nMECH\tANONYMOUS\nMECH\tDOVECOT-TOKEN\tprivate\nSPID\t7\nCUID\t1\nCOOKIE\tabc\nDONE\n"

// fakeDovecot serves one script on each connection: lines that it wants ("<")
// and lines that it says (">"). What it says first is its greeting.
func fakeDovecot(t *testing.T, hello string, lines ...string) *Dovecot {
	t.Helper()
	serve := func(c net.Conn) { playDovecot(t, c, hello, lines) }
	return NewDovecot(e2e.Serve(t, "unix", filepath.Join(t.TempDir(), "s"), serve))
}

func playDovecot(t *testing.T, c net.Conn, hello string, lines []string) {
	defer c.Close()
	in := bufio.NewReader(c)
	for range 2 {
		in.ReadString('\n') // VERSION, CPID
	}
	fmt.Fprint(c, hello)
	for _, line := range lines {
		if text, ok := strings.CutPrefix(line, ">"); ok {
			fmt.Fprint(c, text+"\n")
			continue
		}
		got, err := in.ReadString('\n')
		if err != nil {
			return // it was only asked for its mechanisms
		}
		if got != line[1:]+"\n" {
			t.Errorf("Dovecot hears %q, want %q", got, line[1:])
		}
	}
	in.ReadString('\n')
}

func TestDovecotDialogue(t *testing.T) {
	p := Peer{Service: "smtp", Secure: true, Client: netip.MustParseAddrPort("192.0.2.7:4242"), Server: netip.MustParseAddrPort("192.0.2.25:25")}
	const front = "\tservice=smtp\tnologin\trip=192.0.2.7\trport=4242\tlip=192.0.2.25\tlport=25\tsecured"
	plain := "<AUTH\t1\tPLAIN" + front + "\tresp=AGFubgB4"
	for _, tt := range []struct {
		name, mechanism string
		lines           []string
		responses       []string
		user            string
		want            error
		words           string
	}{
		{"ok", Plain, []string{plain, ">OK\t1\tuser=ann@example.org\toriginal_user=ann"}, []string{"\x00ann\x00x"}, "ann@example.org", nil, ""},
		{"other requests", Plain, []string{plain, ">OK\t2\tuser=bob", ">FAIL\t3", ">CUID\t7", ">OK\t1\tuser=ann"}, []string{"\x00ann\x00x"}, "ann", nil, ""},
		{"two steps", Login, []string{"<AUTH\t1\tLOGIN" + front, ">CONT\t1\tVXNlcm5hbWU6", "<CONT\t1\tYW5u", ">CONT\t1\tUGFzc3dvcmQ6", "<CONT\t1\teA==", ">OK\t1\tuser=ann"},
			[]string{"-", "ann", "x"}, "ann", nil, ""},
		{"fail", Plain, []string{plain, ">FAIL\t1\tuser=ann"}, []string{"\x00ann\x00x"}, "ann", ErrCredentials, ""},
		{"disabled", Plain, []string{plain, ">FAIL\t1\tuser=ann\tuser_disabled\treason=on\x01tleave"}, []string{"\x00ann\x00x"}, "ann", ErrCredentials, "user_disabled reason=on\tleave"},
		{"long reason", Plain, []string{plain, ">FAIL\t1\treason=" + strings.Repeat("x", dovecotLine/2)}, []string{"\x00ann\x00x"}, "", ErrCredentials, "reason=xxx"},
		{"temporary", Plain, []string{plain, ">FAIL\t1\tuser=ann\ttemp"}, []string{"\x00ann\x00x"}, "ann", ErrUnavailable, ""},
		{"temporary, newer", Plain, []string{plain, ">FAIL\t1\tuser=ann\tcode=temp_fail"}, []string{"\x00ann\x00x"}, "ann", ErrUnavailable, ""},
		{"nobody", Plain, []string{plain, ">OK\t1\tresp="}, []string{"\x00ann\x00x"}, "", ErrUnavailable, "does not say who"},
		{"malformed name", Plain, []string{plain, ">OK\t1\tuser=a\x01nb"}, []string{"\x00ann\x00x"}, "", ErrUnavailable, "malformed"},
		{"hangs up", Plain, []string{plain, ">CONT"}, []string{"\x00ann\x00x"}, "", ErrUnavailable, ""},
		{"not base64", Plain, []string{plain, ">CONT\t1\t?"}, []string{"\x00ann\x00x"}, "", ErrUnavailable, "base64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines := tt.lines
			if tt.name == "hangs up" {
				lines = append(lines, ">"+strings.Repeat("x", dovecotLine+5000))
			}
			d := fakeDovecot(t, greeting, lines...)
			var responses [][]byte
			for _, r := range tt.responses {
				if r == "-" {
					responses = append(responses, nil)
				} else {
					responses = append(responses, []byte(r))
				}
			}
			who, err := exchange(t, d, tt.mechanism, p, responses...)
			if who != tt.user || !errors.Is(err, tt.want) || tt.words != "" && !strings.Contains(err.Error(), tt.words) {
				t.Errorf("%q, %v; want %q, %v %s", who, err, tt.user, tt.want, tt.words)
			}
		})
	}
}

func TestDovecotMechanisms(t *testing.T) {
	d := fakeDovecot(t, greeting)
	for range 2 {
		list, err := d.Mechanisms(context.Background())
		if got := strings.Join(list, " "); got != "PLAIN LOGIN SCRAM-SHA-256" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	for _, m := range []string{"EXTERNAL", "CRAM-MD5", "SCRAM-SHA-256-PLUS"} {
		if _, err := d.Begin(context.Background(), m, Peer{}); !errors.Is(err, ErrMechanism) {
			t.Errorf("%s: %v", m, err)
		}
	}
	for name, hello := range map[string]string{
		"another version": "VERSION\t2\t0\nDONE\n",
		"no end":          strings.Repeat("X\n", dovecotLines),
		"hangs up":        "VERSION\t1\t0\n" + strings.Repeat("x", dovecotLine+8192),
	} {
		if list, err := fakeDovecot(t, hello).Mechanisms(context.Background()); !errors.Is(err, ErrUnavailable) || list != nil {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
	if _, err := NewDovecot(filepath.Join(t.TempDir(), "none")).Mechanisms(context.Background()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("no Dovecot: %v", err)
	}
}

func TestDovecotCancelled(t *testing.T) {
	d := fakeDovecot(t, greeting) // says nothing to AUTH
	x, err := d.Begin(context.Background(), Plain, Peer{Service: "smtp"})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := x.Next(ctx, []byte("\x00ann\x00x")); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// needDovecot starts a private Dovecot whose users are in these lines, and
// gives the path of its auth socket.
func needDovecot(t *testing.T, users string) string {
	t.Helper()
	e2e.NeedRoot(t)
	dir := e2e.PublicDir(t)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	e2e.StartDovecot(t, dir, strings.ReplaceAll(`protocols =
default_internal_user = USER
default_login_user = USER
auth_mechanisms = plain login cram-md5 scram-sha-256
auth_failure_delay = 0
service auth {
  unix_listener auth-client {
    mode = 0600
  }
}
passdb {
  driver = passwd-file
  args = username_format=%u DIR/users
}
userdb {
  driver = static
  args = uid=1000 gid=1000 home=/nonexistent
}
`, "USER", me.Username), "run/auth-client")
	return filepath.Join(dir, "run/auth-client")
}

func TestRealDovecot(t *testing.T) {
	d := NewDovecot(needDovecot(t, "ann:{PLAIN}secret\nbob:{BLF-CRYPT}$2y$05$LEhXeotCH9jQdHQiLfzPQ..Tvzb938AVqLmMICpm3YxSjP1QiMm6K\n"))
	list, err := d.Mechanisms(context.Background())
	if got := strings.Join(list, " "); err != nil || !strings.Contains(got, "CRAM-MD5") || !strings.Contains(got, "SCRAM-SHA-256") {
		t.Fatalf("mechanisms %q, %v", got, err)
	}
	for i, tt := range []struct {
		mechanism, user, password string
		want                      error
	}{
		{Plain, "ann", "secret", nil},
		{Plain, "bob", "chocolat", nil},
		{Login, "ann", "secret", nil},
		{CramMD5, "ann", "secret", nil},
		{Scram, "ann", "secret", nil},
		{Plain, "ann", "wrong", ErrCredentials},
		{Login, "eve", "secret", ErrCredentials},
		{CramMD5, "ann", "wrong", ErrCredentials},
		{Scram, "ann", "wrong", ErrCredentials},
	} {
		c := Choice{Offered: list, Only: []string{tt.mechanism}, Plaintext: true}
		// Each from an address of its own: Dovecot lets who fails wait.
		p := Peer{Service: "smtp", Secure: true, Client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 4242)}
		user, err := logIn(d, c, Credentials{User: tt.user, Password: tt.password}, p)
		if !errors.Is(err, tt.want) || tt.want == nil && user != tt.user {
			t.Errorf("%s as %s: %q, %v; want %v", tt.mechanism, tt.user, user, err, tt.want)
		}
	}
}
