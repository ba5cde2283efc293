package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// contract is what a client of smtpd sees and what has become of its mail
// then, whether smtpd delivers in its own process or hands it to send.
var contract = []struct {
	name    string
	rcpts   []string
	message string            // lines of it; testMessage if empty
	prepare func(*instance)   // before
	reply   string            // to the dot, or to DATA already
	boxes   map[string]string // users, and what begins their only message
	queued  int               // entries in the queue
}{
	{name: "one mailbox", rcpts: []string{"ann@mx.test"}, reply: "250 2.0.0 ",
		boxes: map[string]string{"ann": "Return-Path: <joe@example.net>\nDelivered-To: ann@mx.test\nReceived: "}},
	{name: "two mailboxes", rcpts: []string{"ann@mx.test", "bob@mx.test"}, reply: "250 2.0.0 ",
		boxes: map[string]string{"ann": "Return-Path: <joe@example.net>\nReceived: ", "bob": "Return-Path: <joe@example.net>\nReceived: "}},
	{name: "an alias", rcpts: []string{"staff@mx.test"}, reply: "250 2.0.0 ",
		boxes: map[string]string{"ann": "Return-Path: <joe@example.net>\n", "bob": "Return-Path: <joe@example.net>\n"}},
	{name: "a command", rcpts: []string{"cmd@mx.test"}, reply: "250 2.0.0 ", queued: 1},
	{name: "a command and a mailbox", rcpts: []string{"cmd@mx.test", "ann@mx.test"}, reply: "250 2.0.0 ", queued: 1},
	{name: "pipeto", rcpts: []string{"alice@mx.test"}, reply: "250 2.0.0 ", queued: 1,
		prepare: func(in *instance) { in.write("var/lib/postern/mail/alice/pipeto", "#!/bin/sh\n") }},
	{name: "too many hops", rcpts: []string{"ann@mx.test"}, reply: "55",
		message: strings.Repeat("Received: x\r\n", 101) + "\r\nbody\r\n"},
	{name: "been here before", rcpts: []string{"ann@mx.test"}, reply: "55",
		message: "Delivered-To: ann@mx.test\r\n\r\nbody\r\n"},
	{name: "no queue", rcpts: []string{"cmd@mx.test"}, reply: "451 4.3.0 ",
		prepare: func(in *instance) { in.write("var/spool/postern/queue", "") }},
}

// TestContract is one table for delivery in smtpd's process and by its child.
func TestContract(t *testing.T) {
	smtpd := program(t, "smtpd")
	for _, way := range [][]string{{smtpd}, {smtpd, "-m", "send"}} {
		for _, tt := range contract {
			t.Run(strings.Join(append(way[1:], tt.name), " "), func(t *testing.T) {
				in := newInstance(t, "MailerDSN 1")
				in.write("etc/aliases", "staff: ann, bob\ncmd: |"+in.root+"/none\n")
				if tt.prepare != nil {
					tt.prepare(in)
				}
				in.converseContract(way, tt.rcpts, tt.message, tt.reply)
				for _, user := range []string{"ann", "bob", "alice"} {
					in.checkBox(user, tt.boxes[user], tt.queued > 0)
				}
				if names, _ := filepath.Glob(in.root + "/var/spool/postern/queue/*/*/*"); len(names) != tt.queued {
					t.Errorf("the queue has %q, want %d", names, tt.queued)
				}
			})
		}
	}
}

// converseContract sends a message and expects a reply to it.
func (in *instance) converseContract(argv, rcpts []string, message, reply string) {
	in.t.Helper()
	conn, _ := in.connect(argv...)
	c := converse(in.t, conn)
	c.expect("220 ")
	c.hello()
	c.ask("MAIL FROM:<joe@example.net>", "250 ")
	for _, rcpt := range rcpts {
		c.ask("RCPT TO:<"+rcpt+">", "250 ")
	}
	c.send("DATA\r\n")
	if answer, err := c.reply(); err == nil && strings.HasPrefix(answer, reply) {
		c.quit() // it is known before the text that nobody can have it
		return
	} else if err != nil || !strings.HasPrefix(answer, "354 ") {
		in.t.Fatalf("DATA: %q, %v", answer, err)
	}
	if message == "" {
		message = strings.ReplaceAll(testMessage("contract"), "\n.", "\n..")
	}
	c.send(message + ".\r\n")
	c.expect(reply)
	c.quit()
}

// checkBox looks for one message that begins with front, or for none. What is
// queued may be in a mailbox already: send delivers what it can at once.
func (in *instance) checkBox(user, front string, queued bool) {
	in.t.Helper()
	texts := in.messages(user)
	switch {
	case front == "" && len(texts) > 0 && !queued:
		in.t.Errorf("%s has %q", user, texts)
	case front != "" && (len(texts) != 1 || !strings.HasPrefix(texts[0], front) || !whole(texts[0], "contract")):
		in.t.Errorf("%s has %q, want %q", user, texts, front)
	}
}

// TestUsersOwn is root's runq with the mailboxes of another user: his files
// are obeyed with his rights, and commands with CommandUser's.
func TestUsersOwn(t *testing.T) {
	NeedRoot(t)
	runq, send := program(t, "runq"), program(t, "send")
	in := newInstance(t)
	in.write("etc/aliases", "cmd: \"|/bin/sh -c 'id -un >"+in.root+"/shared/cmd; cat >/dev/null'\"\nbad: |/bin/false\n")
	for dir := in.root; dir != "/" && dir != "/tmp"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	in.mkdir("shared")
	in.write("var/lib/postern/mail/ann/pipeto", "#!/bin/sh\nid -u >ran; cat >>ran\n")
	in.write("var/lib/postern/mail/bob/forward", "alice@mx.test, bob@mx.test\n")
	os.Chmod(in.maildir("ann")+"/pipeto", 0o700)
	os.Chmod(in.root+"/shared", 0o777)
	for _, user := range []string{"ann", "bob"} {
		err := filepath.Walk(in.maildir(user), func(path string, _ os.FileInfo, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, 12345, 12345)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"var", "var/lib", "var/lib/postern", "var/lib/postern/mail"} {
		os.Chmod(filepath.Join(in.root, dir), 0o755)
	}
	if out, status := in.run("Subject: x\n\nthe text\n", send, "-f", "joe@example.net", "ann", "bob", "cmd", "bad"); status != 0 {
		t.Fatalf("send: %d %s", status, out)
	}
	for range 3 { // what is forwarded becomes a new entry
		if out, status := in.run("", runq, "-d", "-E"); status != 0 {
			t.Fatalf("runq: %d %s", status, out)
		}
	}
	ran, err := os.ReadFile(in.maildir("ann") + "/ran")
	if err != nil || !strings.HasPrefix(string(ran), "12345\nReturn-Path: <joe@example.net>\nDelivered-To: ann@mx.test\nReceived: ") || !strings.HasSuffix(string(ran), "\n\nthe text\n") {
		t.Errorf("pipeto left %q, %v", ran, err)
	}
	if who, err := os.ReadFile(in.root + "/shared/cmd"); err != nil || string(who) != "nobody\n" {
		t.Errorf("the command ran as %q, %v", who, err)
	}
	for _, user := range []string{"alice", "bob"} {
		if text := in.message(user); !strings.Contains(text, "Delivered-To: bob@mx.test\n") || !strings.HasSuffix(text, "\n\nthe text\n") {
			t.Errorf("%s has %q", user, text)
		}
	}
	out, _ := in.run("", runq, "-L")
	if lines := strings.Count(out, "state=wait"); lines != 1 || !strings.Contains(out, "recipient=bad@mx.test") {
		t.Errorf("the queue has %s", out)
	}
}

// TestMailReaderSends is s-nail with send in sendmail's place.
func TestMailReaderSends(t *testing.T) {
	nail, send := Need(t, "s-nail")[0], program(t, "send")
	in := newInstance(t)
	out, status := in.run("the text\n.\nmore\n", nail, "-:/", "-S", "mta=file://"+send, "-S", "sendwait", "-r", "joe@example.net", "-s", "x", "ann@mx.test")
	if status != 0 {
		t.Fatalf("s-nail: %d %s", status, out)
	}
	text := in.message("ann")
	if !strings.HasPrefix(text, "Return-Path: <joe@example.net>\nDelivered-To: ann@mx.test\nReceived: ") || !strings.HasSuffix(text, "\n\nthe text\n.\nmore\n") {
		t.Errorf("got %q", text)
	}
}
