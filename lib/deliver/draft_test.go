package deliver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/queue"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

const text = "Received: from x\nSubject: y\n\nbody\n"

// send takes text in for env in pieces of n octets and returns where it is.
func (in *instance) send(d *Deliverer, env *smtp.Envelope, text string, n int) (string, error) {
	in.t.Helper()
	draft, err := d.Begin(context.Background(), env)
	if err != nil {
		return "", err
	}
	defer draft.Discard()
	for len(text) > 0 {
		n := min(n, len(text))
		if _, err := draft.Write([]byte(text[:n])); err != nil {
			return "", err
		}
		text = text[n:]
	}
	return draft.Commit(context.Background())
}

func TestDirect(t *testing.T) {
	in := newInstance(t, "bob", "carol")
	where, err := in.send(in.deliverer(), envelope("bob@mx.example"), text, 100)
	if err != nil || !strings.HasPrefix(where, in.box("bob")+"/new/") {
		t.Fatalf("got %q, %v", where, err)
	}
	want := "Return-Path: <a@sender.example>\nDelivered-To: bob@mx.example\n" + text
	if got := in.mails("bob"); len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := os.Stat(in.places.Queue()); err == nil {
		t.Error("the queue was made though it was not needed")
	}
}

// TestWhole has texts that end within their header, or are nothing.
func TestWhole(t *testing.T) {
	in := newInstance(t, "bob")
	d := in.deliverer()
	for _, text := range []string{"Subject: y\n", "Subject: y", "Subject: y\n more", "\n", ""} {
		where, err := in.send(d, envelope("bob@mx.example"), text, 100)
		got, _ := os.ReadFile(where)
		if want := string(finalFields(mailbox("a@sender.example"), "bob@mx.example")) + text; err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
		where, err = in.send(d, envelope("x@remote.example"), text, 100)
		if err != nil {
			t.Fatal(err)
		}
		if got := in.queued(d, strings.TrimPrefix(where, "queue ")); got != "x@remote.example||relay|"+text {
			t.Errorf("%q: got %q in the queue", text, got)
		}
	}
}

// No address can begin a field of its own.
func TestFinalFields(t *testing.T) {
	got := string(finalFields(smtp.Mailbox{Local: "a>\r\nX: y", Domain: "b\nc"}, "d\x7f\ne\x00"))
	if strings.Count(got, "\n") != 2 || strings.ContainsAny(got, "\r\x00\x7f") {
		t.Errorf("got %q", got)
	}
}

func TestDirectNullSender(t *testing.T) {
	in := newInstance(t, "bob")
	env := envelope("bob@mx.example")
	env.Sender = smtp.Mailbox{}
	if _, err := in.send(in.deliverer(), env, text, 100); err != nil {
		t.Fatal(err)
	}
	if got := in.mails("bob"); len(got) != 1 || !strings.HasPrefix(got[0], "Return-Path: <>\n") {
		t.Errorf("got %q", got)
	}
}

func TestDirectSharesOneFile(t *testing.T) {
	in := newInstance(t, "bob", "carol", "dave")
	in.aliases("all: bob, carol, dave, /dev/null\n")
	where, err := in.send(in.deliverer(), envelope("all@mx.example", "bob@mx.example"), text, 7)
	if err != nil || !strings.HasSuffix(where, " and 2 more") {
		t.Fatalf("got %q, %v", where, err)
	}
	names, err := filepath.Glob(in.places.Mail() + "/*/new/*")
	if err != nil || len(names) != 3 {
		t.Fatalf("got %q, %v, want three names", names, err)
	}
	first, _ := os.Stat(names[0])
	for _, name := range names[1:] {
		if fi, err := os.Stat(name); err != nil || !os.SameFile(first, fi) {
			t.Errorf("%s is not the file of %s", name, names[0])
		}
	}
	// Nobody learns of the others.
	if got, want := in.mails("bob")[0], "Return-Path: <a@sender.example>\n"+text; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Maildirs on two file systems share no file: the queue has the message first.
func TestTwoFileSystems(t *testing.T) {
	in := newInstance(t, "bob")
	far, err := os.MkdirTemp("/dev/shm", "postern")
	if err != nil {
		t.Skip("no other file system: ", err)
	}
	t.Cleanup(func() { os.RemoveAll(far) })
	if here, err := folderOf(in.box("bob")); err != nil {
		t.Fatal(err)
	} else if there, _ := folderOf(far + "/x"); here.Device == there.Device {
		t.Skip("/dev/shm is no other file system")
	}
	in.aliases("both: bob, " + far + "/x/\none: " + far + "/x/\n")
	for rcpt, want := range map[string]string{"one@mx.example": far, "both@mx.example": "queue "} {
		if where, err := in.send(in.deliverer(), envelope(rcpt), text, 100); err != nil || !strings.HasPrefix(where, want) {
			t.Errorf("%s: got %q, %v, want %s", rcpt, where, err, want)
		}
	}
}

func TestPostmasterIsMade(t *testing.T) {
	in := newInstance(t)
	if _, err := in.send(in.deliverer(), envelope("postmaster"), text, 100); err != nil {
		t.Fatal(err)
	}
	if got := in.mails("postmaster"); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

// Root makes no mailbox of its own where another user keeps them.
func TestPostmasterOfAnother(t *testing.T) {
	e2e.NeedRoot(t)
	in := newInstance(t)
	e2e.GiveAway(t, in.root+"/var/lib/postern/mail")
	where, err := in.send(in.deliverer(), envelope("postmaster"), text, 100)
	if err != nil || !strings.HasPrefix(where, "queue ") {
		t.Errorf("got %q, %v", where, err)
	}
	if _, err := os.Stat(in.root + "/var/lib/postern/mail/postmaster"); err == nil {
		t.Error("root has made a mailbox")
	}
}

func TestDevNull(t *testing.T) {
	in := newInstance(t)
	in.aliases("null: /dev/null\n")
	if where, err := in.send(in.deliverer(), envelope("null@mx.example"), text, 100); where != "/dev/null" || err != nil {
		t.Errorf("got %q, %v", where, err)
	}
}

// TestQueued is what is queued: recipients with their destinations.
func TestQueued(t *testing.T) {
	tests := []struct {
		name, rcpt string
		want       []string // mailbox, original, destination
	}{
		{"another host", "x@remote.example", []string{"x@remote.example", "", "relay"}},
		{"a file", "file@mx.example", []string{"file@mx.example", "", ">>+ /mbox"}},
		{"a command", "cmd@mx.example", []string{"cmd@mx.example", "", "| /bin/cat"}},
		{"a list", "list@mx.example", []string{
			"bob", "rfc822;list@mx.example", ">> /var/lib/postern/mail/bob/",
			"x@remote.example", "rfc822;list@mx.example", "relay"}},
		{"a mailbox of another uid", "other@mx.example", []string{"other@mx.example", "", ">> /var/lib/postern/mail/other/"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := newInstance(t, "bob", "other")
			in.aliases("file: " + in.root + "/mbox\ncmd: |/bin/cat\nlist: bob, x@remote.example\n")
			if strings.HasPrefix(tt.rcpt, "other") {
				e2e.NeedRoot(t)
				if err := os.Chown(in.box("other")+"/new", 12345, 12345); err != nil {
					t.Fatal(err)
				}
			}
			d := in.deliverer()
			where, err := in.send(d, envelope(tt.rcpt), text, 5)
			if err != nil || !strings.HasPrefix(where, "queue ") {
				t.Fatalf("got %q, %v", where, err)
			}
			got := in.queued(d, strings.TrimPrefix(where, "queue "))
			want := strings.Join(tt.want, "|") + "|" + text
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestExpanded is who is told what of a message to a list whose sender wants
// to hear of success: he hears once, of the list (RFC 3461 5.2.7).
func TestExpanded(t *testing.T) {
	tests := []struct {
		name, rcpt string
		notify     []string
		want       []string // mailbox, NOTIFY and destination
	}{
		{"one", "one@mx.example", []string{"SUCCESS", "FAILURE"}, []string{"bob SUCCESS,FAILURE >> ~bob/"}},
		{"many", "list@mx.example", []string{"SUCCESS"}, []string{
			"list@mx.example SUCCESS expanded", "bob NEVER >> ~bob/", "x@remote.example NEVER relay"}},
		{"many and failures", "list@mx.example", []string{"SUCCESS", "FAILURE", "DELAY"}, []string{
			"list@mx.example SUCCESS,FAILURE,DELAY expanded", "bob FAILURE,DELAY >> ~bob/", "x@remote.example FAILURE,DELAY relay"}},
		{"nothing asked", "list@mx.example", nil, []string{"bob  >> ~bob/", "x@remote.example  relay"}},
		{"failures alone", "list@mx.example", []string{"FAILURE"}, []string{"bob FAILURE >> ~bob/", "x@remote.example FAILURE relay"}},
	}
	for _, tt := range tests {
		in := newInstance(t, "bob")
		in.aliases("one: bob\nlist: bob, x@remote.example\n")
		d := in.deliverer()
		env := envelope(tt.rcpt)
		env.Recipients[0].Notify = tt.notify
		where, err := in.send(d, env, text, 5)
		if err != nil {
			t.Fatal(err)
		}
		if got := in.notified(d, strings.TrimPrefix(where, "queue ")); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		if got := env.Recipients[0].Notify; !slices.Equal(got, tt.notify) {
			t.Errorf("%s: the caller's NOTIFY is %q now", tt.name, got)
		}
	}
}

// Who is named twice, in other words too, gets the message once, and what the
// sender wished to hear of him the one or the other time is told
// (RFC 3461 5.2.3).
func TestNotifyTwice(t *testing.T) {
	for _, tt := range []struct{ first, second, want []string }{
		{nil, []string{"SUCCESS"}, []string{"SUCCESS", "FAILURE", "DELAY"}},
		{[]string{"NEVER"}, nil, []string{"FAILURE", "DELAY"}},
		{[]string{"NEVER"}, []string{"NEVER"}, []string{"NEVER"}},
		{[]string{"FAILURE"}, []string{"SUCCESS", "FAILURE"}, []string{"SUCCESS", "FAILURE"}},
	} {
		in := newInstance(t, "bob")
		in.aliases("list: bob, x@remote.example\n")
		d := in.deliverer()
		env := envelope("list@mx.example", "x@remote.example")
		env.Recipients[0].Notify, env.Recipients[1].Notify = tt.first, tt.second
		where, err := in.send(d, env, text, 5)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"bob " + strings.Join(tt.first, ",") + " >> ~bob/", "x@remote.example " + strings.Join(tt.want, ",") + " relay"}
		if got := in.notified(d, strings.TrimPrefix(where, "queue ")); !slices.Equal(got, want) {
			t.Errorf("%q and %q: got %q, want %q", tt.first, tt.second, got, want)
		}
	}
}

// entry is an entry of the queue.
func (in *instance) entry(d *Deliverer, id string) *queue.Entry {
	in.t.Helper()
	q, err := d.Queue()
	if err != nil {
		in.t.Fatal(err)
	}
	e, err := q.Get(id)
	if err != nil {
		in.t.Fatal(err)
	}
	return e
}

// notified are the recipients of a queue entry: mailbox, NOTIFY, destination.
func (in *instance) notified(d *Deliverer, id string) (list []string) {
	in.t.Helper()
	e := in.entry(d, id)
	defer e.Close()
	for _, r := range e.Envelope.Recipients {
		line := r.Mailbox.String() + " " + strings.Join(r.Notify, ",") + " " + r.Dest
		list = append(list, strings.ReplaceAll(line, in.places.Mail()+"/", "~"))
	}
	return list
}

// queued is a queue entry: the recipients, and the text.
func (in *instance) queued(d *Deliverer, id string) string {
	in.t.Helper()
	e := in.entry(d, id)
	defer e.Close()
	var words []string
	for _, r := range e.Envelope.Recipients {
		words = append(words, r.Mailbox.String(), r.ORcpt, strings.ReplaceAll(r.Dest, in.root, ""))
	}
	for i, w := range words {
		words[i] = strings.TrimSuffix(w, "@")
	}
	body := make([]byte, e.Message().Size())
	if _, err := e.Message().ReadAt(body, 0); err != nil && len(body) > 0 {
		in.t.Fatal(err)
	}
	return strings.Join(append(words, string(body)), "|")
}

func TestBeginUnknown(t *testing.T) {
	in := newInstance(t, "bob")
	_, err := in.deliverer().Begin(context.Background(), envelope("bob@mx.example", "nosuch@mx.example"))
	if !errors.Is(err, ErrNoRecipient) || !strings.Contains(err.Error(), "nosuch@mx.example") {
		t.Errorf("got %v", err)
	}
	if got := Reply(err).String(); got != "550 5.1.1 no such mailbox" {
		t.Errorf("got reply %q", got)
	}
}

func TestLoops(t *testing.T) {
	received := strings.Repeat("Received: x\n", 101)
	tests := []struct {
		name, text, rcpt string
		loop             bool
	}{
		{"as many hosts as may be", received[12:] + "\nbody\n", "bob@mx.example", false},
		{"too many hosts", received + "\nbody\n", "bob@mx.example", true},
		{"too many hosts, queued", received + "\nbody\n", "x@remote.example", true},
		{"only in the body", "\n" + received, "bob@mx.example", false},
		{"been here before", "Delivered-To: BOB@mx.example\n\n", "bob@mx.example", true},
		{"been elsewhere", "Delivered-To: carol@mx.example\n\n", "bob@mx.example", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := newInstance(t, "bob")
			d := in.deliverer()
			_, err := in.send(d, envelope(tt.rcpt), tt.text, 1000)
			if errors.Is(err, ErrLoop) != tt.loop || !tt.loop && err != nil {
				t.Fatalf("got %v, want a loop: %v", err, tt.loop)
			}
			if !tt.loop {
				return
			}
			if got := Reply(err).String(); got != "554 5.4.6 this message is in a loop" {
				t.Errorf("got reply %q", got)
			}
			if left := in.mails("bob"); len(left) != 0 {
				t.Errorf("delivered all the same: %q", left)
			}
		})
	}
}

func TestDiscard(t *testing.T) {
	in := newInstance(t, "bob")
	draft, err := in.deliverer().Begin(context.Background(), envelope("bob@mx.example"))
	if err != nil {
		t.Fatal(err)
	}
	draft.Write([]byte(strings.Repeat("x\n", safefile.UsualMemory)))
	draft.Discard()
	draft.Discard()
	if left, _ := filepath.Glob(in.box("bob") + "/*/*"); len(left) != 0 {
		t.Errorf("left over: %q", left)
	}
}

func TestVanishedMaildir(t *testing.T) {
	in := newInstance(t, "bob")
	d := in.deliverer()
	if _, err := d.Route(context.Background(), mailbox("bob@mx.example")); err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(in.box("bob"))
	_, err := in.send(d, envelope("bob@mx.example"), text, 100)
	if got := Reply(err).String(); err == nil || got != "451 4.3.0 local error, try again later" {
		t.Errorf("got %v, reply %q", err, got)
	}
	d.routes.known[mailbox("bob@mx.example")] = knownRoute{time: time.Now().Add(-time.Hour)}
	if got := in.routeText(d, "bob@mx.example"); got != "nobody bob@mx.example" {
		t.Errorf("an hour later: got %s", got)
	}
}

// A stranger may name a large alias again and again in one message: that must
// cost no more than each member once for each time.
func TestLargeAliasManyTimes(t *testing.T) {
	in := newInstance(t)
	var members []string
	for i := range maxMembers {
		members = append(members, fmt.Sprintf("u%d@other.example", i))
	}
	in.aliases("all: " + strings.Join(members, ",") + "\n")
	start := time.Now()
	p, err := in.deliverer().plan(context.Background(), envelope(slices.Repeat([]string{"all@mx.example"}, 100)...))
	if err != nil || len(p) != maxMembers {
		t.Fatalf("%d destinations, %v", len(p), err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it takes %v", d)
	}
}
