package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postern/lib/sysexits"
)

// hardLetter is a message that lacks nothing and may be changed nowhere.
const hardLetter = "X-First: of all\nDate: Sat, 21 Nov 2026 01:49:27 -0130\nFrom: Ann <ann@me.test>\n" +
	"To: bob@rcpt.test\nMessage-ID: <1@me.test>\nSubject:  two  blanks\n\tand\n a fold \nX-Odd:x\n\n" +
	".\n..\n. a dot\nFrom the start\n  trailing blanks  \n\t\n\nna\u00efve\n\n\n"

// mail is the one message that the neighbour put away last; it is taken out.
func (in *instance) mail() string {
	in.t.Helper()
	var names []string
	await(in.t, "a message in the Maildir", func() bool {
		names, _ = filepath.Glob(filepath.Join(in.root, "mail/Maildir/new/*"))
		return len(names) > 0
	})
	text, err := os.ReadFile(names[0])
	if err != nil || len(names) > 1 {
		in.t.Fatalf("%d messages, %v", len(names), err)
	}
	os.Remove(names[0])
	return string(text)
}

// line is the record line about a recipient.
func line(t testing.TB, said, recipient string) string {
	t.Helper()
	for l := range strings.Lines(said) {
		if strings.HasPrefix(l, "recipient="+recipient+" ") {
			return l
		}
	}
	t.Errorf("nothing of %s in:\n%s", recipient, said)
	return ""
}

// TestNeighbours delivers to the MTAs of Debian and asks them. What they get
// is what was sent, octet for octet.
func TestNeighbours(t *testing.T) {
	smtp := program(t, "smtp")
	for _, n := range neighbours {
		t.Run(n.name, func(t *testing.T) {
			in, addr := n.begin(t)
			long := hardLetter + strings.Repeat(strings.Repeat("x", 900)+"\n.\n", 2000)
			for _, letter := range []string{hardLetter, long} {
				n.deliver(in, smtp, addr, letter, "none")
				n.deliver(in, smtp, addr, strings.ReplaceAll(letter, "\n", "\r\n"), n.proven(), "-s")
				n.encrypted(in, smtp, addr, letter)
			}
			n.global(in, smtp, addr)
			said, status := in.run("bob@rcpt.test\nzoe@rcpt.test\n", smtp, "-p", "-h", "me.test", addr)
			if status != sysexits.NoUser || !strings.Contains(line(t, said, "bob@rcpt.test"), " verdict=accept ") ||
				!strings.Contains(line(t, said, "zoe@rcpt.test"), " verdict=reject ") {
				t.Errorf("-p: got %d\n%s", status, said)
			}
		})
	}
}

// proven is what a record says of the TLS with the neighbour, with -s.
func (n neighbour) proven() string {
	if n.tls {
		return "unverified:TLSv1.3"
	}
	return "none"
}

// encrypted sends a letter that is not to go in the clear.
func (n neighbour) encrypted(in *instance, smtp, addr, letter string) {
	in.t.Helper()
	if n.tls {
		n.deliver(in, smtp, addr, letter, n.proven(), "--tls", "encrypt")
		return
	}
	said, status := in.run(letter, smtp, "--tls", "encrypt", "-h", "me.test", addr, "ann@me.test", "bob@rcpt.test")
	if status != sysexits.TempFail || !strings.Contains(line(in.t, said, "bob@rcpt.test"), ` verdict=defer reply="451 4.7.5 `) {
		in.t.Errorf("--tls encrypt: got %d\n%s", status, said)
	}
}

// deliver sends a letter to bob, who is there, and to zoe, who is not.
func (n neighbour) deliver(in *instance, smtp, addr, letter, tls string, options ...string) {
	in.t.Helper()
	args := append(slices.Clone(options), "-d", "-h", "me.test", addr, "ann@me.test", "bob@rcpt.test", "zoe@rcpt.test")
	said, status := in.run(letter, smtp, args...)
	bob, zoe := line(in.t, said, "bob@rcpt.test"), line(in.t, said, "zoe@rcpt.test")
	if status != sysexits.NoUser || !strings.Contains(bob, " verdict=accept ") || !strings.Contains(bob, " tls="+tls+"\n") || !strings.Contains(zoe, " verdict=reject ") {
		in.t.Fatalf("%q: got %d\n%s", options, status, said)
	}
	if got := strings.Contains(said, "C: BDAT "); got != n.chunking {
		in.t.Errorf("sent by BDAT is %v:\n%s", got, said)
	}
	want := strings.ReplaceAll(letter, "\r\n", "\n")
	if got := in.mail(); !strings.HasSuffix(got, "\n"+want) {
		in.t.Errorf("%q: got %.3000q\nwant %.1000q", options, got, want)
	}
}

// global sends a message from an address in UTF-8.
func (n neighbour) global(in *instance, smtp, addr string) {
	in.t.Helper()
	letter := "Subject: na\u00efve\nFrom: \u00e4nn@me.test\nTo: bob@rcpt.test\nDate: x\nMessage-ID: <2@me.test>\n\nx\n"
	said, status := in.run(letter, smtp, "-h", "me.test", addr, "\u00e4nn@me.test", "bob@rcpt.test")
	bob := line(in.t, said, "bob@rcpt.test")
	if !n.utf8 {
		if status != sysexits.DataErr || !strings.Contains(bob, ` verdict=reject reply="553 5.6.7 `) {
			in.t.Errorf("UTF-8: got %d %s", status, said)
		}
		return
	}
	if status != 0 || !strings.Contains(bob, " verdict=accept ") {
		in.t.Fatalf("UTF-8: got %d %s", status, said)
	}
	if got := in.mail(); !strings.HasSuffix(got, "\n"+letter) {
		in.t.Errorf("UTF-8: got %q", got)
	}
}

// TestNeighbourLMTP is Dovecot: one user has room, one is over quota.
func TestNeighbourLMTP(t *testing.T) {
	smtp := program(t, "smtp")
	root := PublicDir(t)
	in := newInstance(t)
	in.root = root
	in.lmtpd()
	letter := strings.ReplaceAll(hardLetter, "bob@rcpt.test", "ann@rcpt.test")
	said, status := in.run(letter, smtp, "-L", "-h", "me.test", "unix!"+root+"/lmtp", "joe@me.test", "ann@rcpt.test", "bob@rcpt.test")
	ann, bob := line(t, said, "ann@rcpt.test"), line(t, said, "bob@rcpt.test")
	if status != sysexits.TempFail || !strings.Contains(ann, " verdict=accept ") || !strings.Contains(bob, ` verdict=defer reply="452 4.2.2 `) {
		t.Fatalf("got %d\n%s", status, said)
	}
	names, _ := filepath.Glob(filepath.Join(root, "dovecot/ann/new/*"))
	if len(names) != 1 {
		t.Fatalf("%d messages", len(names))
	}
	if got, err := os.ReadFile(names[0]); err != nil || !strings.HasSuffix(string(got), "\n"+letter) {
		t.Errorf("got %q, %v", got, err)
	}
}
