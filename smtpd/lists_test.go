package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/place"
)

// listed makes an instance with the files of a postmaster, by name.
func listed(t *testing.T, files map[string]string, lines ...string) *instance {
	t.Helper()
	in := newInstance(t, append([]string{"Blocked blocked", "NamesBlocked names.blocked", "Senders senders", "Ratify ratify"}, lines...)...)
	places := place.New(in.root)
	for name, text := range files {
		path := filepath.Join(places.Etc(), name)
		if strings.HasPrefix(name, "ratify/") {
			path = filepath.Join(places.Lib(), name)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, []byte(text))
	}
	return in
}

const toBob = `S: 220 *
C: EHLO client.example
S: 250-...
S: 250 HELP
C: MAIL FROM:<a@client.example>
S: 250 *
C: RCPT TO:<bob@mx.test>
S: 250 *
`

// What each class of a list does at DATA.
func TestClasses(t *testing.T) {
	for _, tt := range []struct{ list, dialogue string }{
		{"block 192.0.2.7", "C: DATA\nS: 554 5.7.1 *blocked*\nC: MAIL FROM:<a@client.example>\nS: 250 *\n"},
		{"*block client.example", "C: DATA\nS: 554 5.7.1 *blocked*\n"},
		{"deny 192.0.2.0/24", "C: DATA\nS: 554-5.7.1 mail from <a@client.example> *\nS: 554 5.7.1 write to <postmaster@mx.test> *\n"},
		{"delay 192.0.2.7", "C: DATA\nS: 450 4.3.0 *\n"},
		{"relay 192.0.2.7", "C: DATA\nS: 450 4.3.0 *\n"},
		{"dial 192.0.2.7", "C: DATA\nS: 554 5.7.1 *\nC: NOOP\nS: 554 5.7.1 *\nC: RSET\nS: 554 *\nC: EHLO x.example\nS: 554 *\nC: BDAT 4 LAST\nC- QUIT\nS: 503 *\n"},
		{"allow 192.0.2.7\nblock 192.0.2.0/24\n*block a@client.example", "C: DATA\nS: 354 *\nC: .\nS: 250 *\n"},
		{"block 192.0.2.7", "C: BDAT 3\nC- abc\nS: 554 5.7.1 *\nC: BDAT 2 LAST\nC- de\nS: 554 5.7.1 *\n"},
	} {
		in := listed(t, map[string]string{"blocked": tt.list + "\n"})
		talk(t, in, stranger, toBob+tt.dialogue+"C: QUIT\nS: 221 *\nS: <end>\n")
	}
}

// Neither a list nor a user's wish opens the relay.
func TestRelayBeforeLists(t *testing.T) {
	in := listed(t, map[string]string{"blocked": "allow 192.0.2.7\nblock 192.0.2.8\n"})
	write(t, filepath.Join(in.root, "var/lib/postern/mail/bob/nospamfiltering"), nil)
	for _, address := range []string{"192.0.2.7", "192.0.2.8"} {
		talk(t, in, from(address), `S: 220 *
C: HELO client.example
S: 250 *
C: MAIL FROM:<a@client.example>
S: 250 *
C: RCPT TO:<bob@other.example>
S: 550 5.7.1 no mail is relayed *
C: RCPT TO:<other.example!bob@mx.test>
S: 550 5.7.1 *
C: QUIT
S: 221 *
`)
	}
}

// Who wants everything gets everything, but not for others.
func TestUnfiltered(t *testing.T) {
	in := listed(t, map[string]string{"blocked": "block 192.0.2.7\n"})
	write(t, filepath.Join(in.root, "var/lib/postern/mail/bob/nospamfiltering"), nil)
	talk(t, in, stranger, oneMail)
	talk(t, in, stranger, toBob+"C: RCPT TO:<alice@mx.test>\nS: 250 *\nC: DATA\nS: 554 5.7.1 *\nC: QUIT\nS: 221 *\n")
	if n := len(in.mailbox(t, "bob")); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}

// The ratify tree trusts, and classes; a change counts at once.
func TestRatifyTree(t *testing.T) {
	in := listed(t, map[string]string{"ratify/trusted/192.0.2.7": ""})
	relayed := strings.ReplaceAll(oneMail, "bob@mx.test", "x@other.example")
	talk(t, in, stranger, relayed)
	os.Remove(filepath.Join(in.root, "var/lib/postern/ratify/trusted/192.0.2.7"))
	talk(t, in, stranger, "S: 220 *\nC: HELO client.example\nS: 250 *\nC: MAIL FROM:<a@b.example>\nS: 250 *\nC: RCPT TO:<x@other.example>\nS: 550 *\nC: QUIT\nS: 221 *\n")
	in = listed(t, map[string]string{"ratify/block/account/client.example!a": ""})
	talk(t, in, stranger, toBob+"C: DATA\nS: 554 5.7.1 *\nC: QUIT\nS: 221 *\n")
	got := decisions(t, in)
	if r := got[len(got)-1]; r.Value("check") != "lists" || !strings.HasSuffix(r.Value("reason"), "ratify/block/account/client.example!a") {
		t.Errorf("the log has %s", in.log)
	}
}

// While the ratify tree cannot be read, for which a link to itself stands here,
// nobody knows whom it trusts: nothing is refused for good, and nothing relayed.
func TestRatifyTreeUnreadable(t *testing.T) {
	in := listed(t, map[string]string{"ratify/trusted/192.0.2.7": ""})
	dir := filepath.Join(in.root, "var/lib/postern/ratify/trusted")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("trusted", dir); err != nil {
		t.Fatal(err)
	}
	talk(t, in, stranger, hi+fromA+"C: RCPT TO:<x@other.example>\nS: 451 4.4.3 *\n"+bye)
}

func TestRecipientLists(t *testing.T) {
	in := listed(t, map[string]string{"names.blocked": "# left\nAlice@mx.test\n", "senders": "bob@mx.test 192.0.2.7\n"})
	const text = `S: 220 *
C: HELO client.example
S: 250 *
C: MAIL FROM:<a@client.example>
S: 250 *
C: RCPT TO:<alice@mx.test>
S: 550 5.1.1 *
C: RCPT TO:<bob@mx.test>
S: 250 *
C: QUIT
S: 221 *
`
	talk(t, in, stranger, text)
	talk(t, in, from("192.0.2.8"), strings.Replace(text, "<bob@mx.test>\nS: 250 *", "<bob@mx.test>\nS: 550 5.7.1 this mailbox *", 1))
}

// A mistake in a list is named in the log, and does not end the list.
func TestMistakesInLists(t *testing.T) {
	in := listed(t, map[string]string{"blocked": "blok 192.0.2.7\nblock 192.0.2.7\n"})
	talk(t, in, stranger, toBob+"C: DATA\nS: 554 5.7.1 *\nC: QUIT\nS: 221 *\n")
	if log := in.log.String(); !strings.Contains(log, `etc/postern/blocked:1: unknown verb \"blok\"`) {
		t.Errorf("the log has %s", log)
	}
	os.Chmod(filepath.Join(in.root, "etc/postern/blocked"), 0o666)
	in.withFlags(t)
	talk(t, in, stranger, oneMail)
	if log := in.log.String(); !strings.Contains(log, "check=lists error=") {
		t.Errorf("the log has %s", log)
	}
}

// --check reads the lists too.
func TestCheckLists(t *testing.T) {
	in := listed(t, map[string]string{"blocked": "blok 192.0.2.7\n", "senders": "bob\n"}, "ValidateSender /nonexistent/hook", "ValidateAddress not-there")
	t.Setenv(place.RootEnv, in.root)
	var out, errs strings.Builder
	if status := run([]string{"--check"}, strings.NewReader(""), &out, &errs); status != 0 {
		t.Errorf("exit status %d, says %s", status, errs.String())
	}
	for _, want := range []string{"/blocked:1: unknown verb", "/senders:1: no host is named", "/nonexistent/hook"} {
		if strings.Count(errs.String(), want) != 1 {
			t.Errorf("%q is not once in %q", want, errs.String())
		}
	}
	if strings.Contains(errs.String(), "not-there") {
		t.Errorf("a hook that need not be there is missed: %q", errs.String())
	}
}

func TestHooks(t *testing.T) {
	in := newInstance(t, "ValidateAddress validateaddress", "ValidateSender validatesender")
	etc := filepath.Join(in.root, "etc/postern")
	talk(t, in, stranger, oneMail) // they need not be there
	executable(t, filepath.Join(etc, "validateaddress"), "#!/bin/sh\ncase $1 in alice@*) echo 'rejected: moved away' >&2; exit 1;; esac\n")
	executable(t, filepath.Join(etc, "validatesender"), `#!/bin/sh
test "$3 $4 $5 $6" = "client.example a 192.0.2.7 client.example" && test "$CLIENT_IP $SENDER" = "192.0.2.7 a@client.example" || exit 64
echo 'rejected: no
such thing' >&2
exit 1
`)
	talk(t, in, stranger, toBob+"C: RCPT TO:<alice@mx.test>\nS: 550 5.1.1 moved away (*)\nC: DATA\nS: 451 4.3.0 *\nC: QUIT\nS: 221 *\n")
	executable(t, filepath.Join(etc, "validatesender"), "#!/bin/sh\necho 'rejected: SPF says no' >&2\nexit 1\n")
	talk(t, in, stranger, toBob+"C: DATA\nS: 554 5.7.1 SPF says no (*)\nC: QUIT\nS: 221 *\n")
	if log := in.log.String(); strings.Contains(log, "no such file") {
		t.Errorf("the log has %s", log)
	}
}

func executable(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
