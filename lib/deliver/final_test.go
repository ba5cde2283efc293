package deliver

import (
	"context"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"testing"

	"postern/lib/e2e"
	"postern/lib/maildir"
	"postern/lib/mbox"
	"postern/lib/prog"
	"postern/lib/sysexits"
)

func TestDeliver(t *testing.T) {
	const fields = "Return-Path: <a@sender.example>\nDelivered-To: bob@mx.example\n"
	tests := []struct {
		name, dest string
		status     Status
		reply      string
		file, want string // what is in the file then, without the From_ line
	}{
		{"a Maildir", ">> ROOT/var/lib/postern/mail/bob/", Delivered, "250 2.0.0 delivered", "", ""},
		{"a new mbox", ">>+ ROOT/mbox", Delivered, "250 2.0.0 delivered", "mbox", fields + text + "\n"},
		{"no mbox", ">> ROOT/none", Deferred, "451 4.3.0 local error, try again later", "", ""},
		{"a FIFO", ">> ROOT/fifo", Deferred, "451 4.3.0 local error, try again later", "", ""},
		{"nothing", ">> /dev/null", Delivered, "250 2.0.0 delivered", "", ""},
		{"another host", "relay", Deferred, "451 4.4.4 other hosts are runq's to reach", "", ""},
		{"a command", "| /bin/touch ROOT/touched", Deferred, "451 4.3.5 commands are run by runq", "", ""},
		{"no LMTP server", ">> lmtp:ROOT/none", Deferred, "451 4.4.1 the mailbox's server is not to be reached", "", ""},
		{"nobody", "nobody", Deferred, "451 4.1.1 no such mailbox", "", ""},
		{"nonsense", ">>", Deferred, "451 4.3.0 local error, try again later", "", ""},
		{"not decided before", "", Delivered, "250 2.0.0 delivered", "", ""},
		{"not decided then", "later", Delivered, "250 2.0.0 delivered", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := newInstance(t, "bob")
			mkfifo(t, in.root+"/fifo")
			env := envelope("x@remote.example", "bob@mx.example")
			env.Recipients[1].Dest = strings.ReplaceAll(tt.dest, "ROOT", in.root)
			msg := strings.NewReader("before" + text)
			msg.Seek(6, 0)
			o := in.deliverer().Deliver(context.Background(), env, 1, msg, false)
			if o.Status != tt.status || o.Reply.String() != tt.reply {
				t.Errorf("got %v, %q (%v), want %v, %q", o.Status, o.Reply, o.Err, tt.status, tt.reply)
			}
			if o.Remote != (tt.dest == "relay") {
				t.Errorf("got Remote %v", o.Remote)
			}
			if tt.file == "" {
				return
			}
			data, err := os.ReadFile(in.root + "/" + tt.file)
			if _, got, _ := strings.Cut(string(data), "\n"); err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestDeliverToMaildir(t *testing.T) {
	in := newInstance(t, "bob")
	o := in.deliverer().Deliver(context.Background(), envelope("bob@mx.example"), 0, strings.NewReader(text), false)
	want := "Return-Path: <a@sender.example>\nDelivered-To: bob@mx.example\n" + text
	if got := in.mails("bob"); len(got) != 1 || got[0] != want || !strings.HasPrefix(o.Where, in.box("bob")) {
		t.Errorf("got %q at %q, want %q", got, o.Where, want)
	}
}

func TestDeliverUnknown(t *testing.T) {
	in := newInstance(t)
	o := in.deliverer().Deliver(context.Background(), envelope("nosuch@mx.example"), 0, strings.NewReader(text), false)
	if o.Status != Rejected || o.Reply.String() != "550 5.1.1 no such mailbox" {
		t.Errorf("got %v, %q", o.Status, o.Reply)
	}
}

func TestDeliverLoop(t *testing.T) {
	in := newInstance(t, "bob")
	msg := strings.NewReader("Delivered-To: bob@mx.example\n" + text)
	o := in.deliverer().Deliver(context.Background(), envelope("bob@mx.example"), 0, msg, false)
	if o.Status != Rejected || o.Reply.String() != "554 5.4.6 this message is in a loop" {
		t.Errorf("got %v, %q", o.Status, o.Reply)
	}
}

// TestDeliverList is a recipient that was not decided about when it was
// queued, and is a list by now: it is queued anew, once.
func TestDeliverList(t *testing.T) {
	in := newInstance(t, "bob", "carol")
	in.aliases("list: bob, x@remote.example, carol\none: x@remote.example\n")
	d := in.deliverer()
	one := envelope("one@mx.example") // whom no list of smtp's has
	one.ID = "one"
	if o := d.Deliver(context.Background(), one, 0, strings.NewReader(text), false); o.Remote || !o.Onward ||
		in.queued(d, "one-0") != "x@remote.example|rfc822;one@mx.example|relay|"+text {
		t.Errorf("got %+v, %q", o, in.queued(d, "one-0"))
	}
	env := envelope("list@mx.example")
	env.ID = "abc"
	want := "bob|rfc822;list@mx.example|>> /var/lib/postern/mail/bob/|" +
		"x@remote.example|rfc822;list@mx.example|relay|carol|rfc822;list@mx.example|>> /var/lib/postern/mail/carol/|" + text
	for _, again := range []bool{false, true, false} {
		o := d.Deliver(context.Background(), env, 0, strings.NewReader(text), again)
		if o.Status != Delivered || o.Where != "queue abc-0" {
			t.Errorf("got %v, %q at %q", o.Status, o, o.Where)
		}
		if got := in.queued(d, "abc-0"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestOtherUID is the mailbox of another user: for root only, and by a child.
func TestOtherUID(t *testing.T) {
	e2e.NeedRoot(t)
	in := newInstance(t, "bob")
	for _, dir := range []string{"", "/new", "/cur", "/tmp"} {
		if err := os.Chown(in.box("bob")+dir, 12345, 12345); err != nil {
			t.Fatal(err)
		}
	}
	o := in.deliverer().Deliver(context.Background(), envelope("bob@mx.example"), 0, strings.NewReader(text), false)
	// There is no send beside the test's binary: that it was looked for shows
	// that nothing was written as root.
	if o.Status != Deferred || o.Err == nil || !strings.Contains(o.Err.Error(), "send") {
		t.Errorf("got %v, %q, %v, want a child to be needed", o.Status, o.Reply, o.Err)
	}
	if got := in.mails("bob"); len(got) != 0 {
		t.Errorf("written by root: %q", got)
	}
}

// TestRightsOf is that no user's program has root's group because root has made
// his Maildir.
func TestChildArgs(t *testing.T) {
	v := Delivery{Sender: mailbox("a@b.example"), Dest: Destination{Kind: Maildir, Path: "/m/bob/", Mailbox: mailbox("-f@mx.example")}}
	for _, tt := range []struct {
		id    string
		again bool
		want  string
	}{
		{"", false, "--deliver >> /m/bob/ -f a@b.example -- -f@mx.example"},
		{"id1", true, "--deliver >> /m/bob/ -f a@b.example --id id1 --again -- -f@mx.example"},
	} {
		v.ID, v.Again = tt.id, tt.again
		if got := strings.Join(childArgs(v), " "); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

// TestFromChild is what the send of another user says, and prints.
func TestFromChild(t *testing.T) {
	for _, tt := range []struct {
		status         int
		reason, output string
		want           string
		forward        int
	}{
		{0, "", "", "250 2.0.0 delivered", 0},
		{0, "", "a@b.example\nc\n", "250 2.0.0 delivered", 2},
		{0, "", "@@\n", "451 4.3.0 local error, try again later", 0},
		{0, "", strings.Repeat("a\n", maxForward+1), "451 4.3.0 local error, try again later", 0},
		{sysexits.TempFail, "send: full", "a@b.example\n", "451 4.3.0 full", 0},
		{sysexits.NoUser, "send: who?", "", "550 5.1.1 who?", 0},
	} {
		o := fromChild(prog.Result{Status: tt.status, Reason: tt.reason, Output: []byte(tt.output)}, Destination{Path: "/m/bob/"})
		if o.Reply.String() != tt.want || len(o.Forward) != tt.forward {
			t.Errorf("%d %s %.20q: got %s, %d addresses, want %s, %d", tt.status, tt.reason, tt.output, o.Reply, len(o.Forward), tt.want, tt.forward)
		}
	}
}

func TestRightsOf(t *testing.T) {
	tests := []struct{ uid, gid, want int }{{54321, 7, 7}, {54321, 0, nobodysGroup}}
	if u, err := user.Lookup("daemon"); err == nil {
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		tests = append(tests, struct{ uid, gid, want int }{uid, 0, gid})
	}
	for _, tt := range tests {
		c := rightsOf(maildir.Info{Owner: tt.uid, Group: tt.gid})
		if int(c.Uid) != tt.uid || int(c.Gid) != tt.want {
			t.Errorf("%d:%d has the rights of %d:%d, want group %d", tt.uid, tt.gid, c.Uid, c.Gid, tt.want)
		}
	}
}

// TestAgain is an attempt after one that may have succeeded.
func TestAgain(t *testing.T) {
	in := newInstance(t, "bob")
	d := in.deliverer()
	env := envelope("bob@mx.example", "box@mx.example")
	env.ID = "abc"
	env.Recipients[1].Dest = ">>+ " + in.root + "/mbox"
	text := "Received: by x\n\tid abc; today\n" + text
	for _, again := range []bool{true, true, false, true} {
		for i := range env.Recipients {
			if o := d.Deliver(context.Background(), env, i, strings.NewReader(text), again); o.Status != Delivered {
				t.Fatalf("got %v", o)
			}
		}
	}
	if got := in.mails("bob"); len(got) != 2 {
		t.Errorf("the Maildir has %d messages, want 2", len(got))
	}
	data, err := os.ReadFile(in.root + "/mbox")
	if got := strings.Count(string(data), "From a@sender.example "); got != 2 || err != nil {
		t.Errorf("the mbox has %d messages, %v, want 2", got, err)
	}
}

func TestDestinationText(t *testing.T) {
	for _, text := range []string{">> /a/b/", ">>+ /a b/", ">> /mbox", ">>+ /mbox", ">> /dev/null", ">> lmtp:/x", "| cmd -x 'y z'", "relay", "nobody", "later"} {
		d, err := ParseDestination(text, mailbox("a@b"))
		if err != nil || d.String() != text || d.Mailbox != mailbox("a@b") {
			t.Errorf("%q: got %q for %v, %v", text, d, d.Mailbox, err)
		}
	}
	for _, text := range []string{"", ">>", ">> ", "|", "relay x", "/x", "<< x"} {
		if d, err := ParseDestination(text, mailbox("a@b")); err == nil {
			t.Errorf("%q: got %q, want an error", text, d)
		}
	}
}

func TestLockedIsDeferred(t *testing.T) {
	if got := failed(mbox.ErrLocked); got.Status != Deferred || got.Reply.Code != 451 {
		t.Errorf("got %v, %q", got.Status, got.Reply)
	}
	if got := failed(fs.ErrPermission); got.Status != Deferred {
		t.Errorf("got %v, want Deferred", got.Status)
	}
}
