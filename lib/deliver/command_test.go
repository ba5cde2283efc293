package deliver

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/sysexits"
)

// script writes a program of the shell. That is the test's own text.
func (in *instance) script(path, body string) string {
	return in.put(path, "#!/bin/sh\n"+body+"\n", 0o755)
}

// runner is a Deliverer that carries out commands.
func (in *instance) runner() *Deliverer {
	in.config.Commands = true
	return in.deliverer()
}

// carry delivers a message to the address as runq does: where it goes is
// decided, then it is brought there.
func (in *instance) carry(d *Deliverer, address, text string) Outcome {
	in.t.Helper()
	env := envelope(address)
	env.ID = "abc"
	return d.Deliver(context.Background(), env, 0, strings.NewReader(text), false)
}

func (in *instance) read(path string) string {
	in.t.Helper()
	text, err := os.ReadFile(filepath.Join(in.root, path))
	if err != nil {
		in.t.Error(err)
	}
	return string(text)
}

// TestCommand is what a command gets: words, message, environment.
func TestCommand(t *testing.T) {
	in := newInstance(t)
	show := in.script("show", `printf '%s\n' "$@" >`+in.root+`/args; cat >`+in.root+`/text; env | sort >`+in.root+`/env; pwd >`+in.root+`/dir`)
	in.rules(`(.*)@rule\.example | '` + show + ` -f \s "to \1" --' \1` + "\n")
	in.aliases("alias: \"|" + show + " 'a  b' $(id) \\\"c d\\\"\"\n")
	for _, tt := range []struct{ address, args, recipient string }{
		{"joe@rule.example", "-f\na@sender.example\nto joe\n--\njoe\n", "joe@rule.example"},
		{`x$(id);'@rule.example`, "-f\na@sender.example\nto \"x$(id);'\"\n--\n\"x$(id);'\"\n", `"x$(id);'"@rule.example`},
		{"alias@mx.example", "a  b\n$(id)\nc d\n", "alias@mx.example"},
	} {
		o := in.carry(in.runner(), tt.address, text)
		if o.Status != Delivered || o.Where != "| "+show {
			t.Errorf("%s: got %v, %s at %q", tt.address, o.Status, o, o.Where)
			continue
		}
		if got := in.read("args"); got != tt.args {
			t.Errorf("%s: arguments %q, want %q", tt.address, got, tt.args)
		}
		want := "Return-Path: <a@sender.example>\nDelivered-To: " + tt.recipient + "\n" + text
		if got := in.read("text"); got != want {
			t.Errorf("%s: text %q, want %q", tt.address, got, want)
		}
		env := "\n" + in.read("env")
		for _, line := range []string{"SENDER=a@sender.example", "RECIPIENT=" + tt.recipient, "QUEUE_ID=abc", "HOST=mx.example", "PATH=/usr/local/bin:/usr/bin:/bin"} {
			if !strings.Contains(env, "\n"+line+"\n") {
				t.Errorf("%s: no %q in %s", tt.address, line, env)
			}
		}
		if strings.Contains(env, "\nHOME=") {
			t.Errorf("%s: our environment is there: %s", tt.address, env)
		}
	}
}

// TestCommandStatus is what exit statuses and signals mean.
func TestCommandStatus(t *testing.T) {
	tests := []struct {
		body   string
		status Status
		reply  string
	}{
		{"exit 0", Delivered, "250 2.0.0 delivered"},
		{"echo all is well >&2; exit 0", Delivered, "250 2.0.0 delivered"},
		{"echo first >&2; printf 'no \\033[31mfish\\r\\n' >&2; exit 69", Rejected, "554 5.3.0 no  [31mfish"},
		{"exit 65", Rejected, "554 5.6.0 message refused"},
		{"exit 67", Rejected, "550 5.1.1 no such mailbox"},
		{"exit 68", Rejected, "550 5.1.2 no such host"},
		{"echo not you >&2; exit 77", Rejected, "550 5.7.1 not you"},
		{"echo later >&2; exit 75", Deferred, "451 4.3.0 later"},
		{"exit 1", Deferred, "451 4.3.0 local error, try again later"},
		{"exit 64", Deferred, "451 4.3.0 local error, try again later"},
		{"exit 78", Deferred, "451 4.3.0 local error, try again later"},
		{"exit 127", Deferred, "451 4.3.0 local error, try again later"},
		{"kill -TERM $$", Deferred, "451 4.3.0 try again later"},
		{"kill -SEGV $$", Deferred, "451 4.3.0 try again later"},
		{"exec 0<&-; exit 0", Delivered, "250 2.0.0 delivered"},
	}
	in := newInstance(t)
	in.aliases("cmd: |" + in.root + "/cmd\nnone: |" + in.root + "/none\n")
	for _, tt := range tests {
		in.script("cmd", tt.body)
		if o := in.carry(in.runner(), "cmd@mx.example", text); o.Status != tt.status || o.Reply.String() != tt.reply {
			t.Errorf("%s: got %v, %q, want %v, %q", tt.body, o.Status, o.Reply, tt.status, tt.reply)
		}
	}
	if o := in.carry(in.runner(), "none@mx.example", text); o.Status != Deferred || o.Reply.Code != 451 || o.Err == nil {
		t.Errorf("missing: got %v, %v", o.Status, o)
	}
}

// TestCommandEnds is a command that hangs: it is killed with its children when
// the time is over.
func TestCommandEnds(t *testing.T) {
	in := newInstance(t)
	in.script("cmd", "sleep 1000 & echo $! >"+in.root+"/pid; wait")
	in.aliases("cmd: |" + in.root + "/cmd\n")
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	env := envelope("cmd@mx.example")
	o := in.runner().Deliver(ctx, env, 0, strings.NewReader(text), false)
	if o.Status != Deferred || !errors.Is(o.Err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v", o.Status, o)
	}
	e2e.Ended(t, in.root+"/pid")
}

// TestAskRules is what translate and auth do, with and without the right to
// run commands.
func TestAskRules(t *testing.T) {
	in := newInstance(t, "bob", "carol")
	answer := in.script("answer", `case $1 in
bob) echo bob@mx.example;;
two) printf 'bob@mx.example,carol\nx@remote.example\n';;
none) ;;
bad) echo '@@';;
nosuch) echo nobody of that name >&2; exit 67;;
slow) exit 75;;
loop) echo loop@tr.example;;
from) echo "$2" | sed 's/.*=//';;
ok) exit 0;;
*) echo not for you >&2; exit 77;;
esac`)
	in.rules(`(.*)@tr\.example   translate '` + answer + ` \1 --from=\s'
(.*)@auth\.example auth '` + answer + ` \1'
(.*)@auth\.example >> bob/
`)
	tests := []struct{ address, want, queued string }{
		{"bob@tr.example", ">> ~bob/", "later bob@tr.example"},
		{"two@tr.example", ">> ~bob/; >> ~carol/; relay x@remote.example", "later two@tr.example"},
		{"none@tr.example", "nobody none@tr.example", "later none@tr.example"},
		{"nosuch@tr.example", "error: nosuch@tr.example: /etc/postern/rewrite:1: 550 5.1.1 nobody of that name", "later nosuch@tr.example"},
		{"slow@tr.example", "error: slow@tr.example: /etc/postern/rewrite:1: 451 4.3.0 try again later", "later slow@tr.example"},
		{"loop@tr.example", "error: loop@tr.example: /etc/postern/rewrite:1: loop@tr.example leads back to itself", "later loop@tr.example"},
		{"ok@auth.example", ">>+ ~bob/", "later ok@auth.example"},
		{"eve@auth.example", "error: eve@auth.example: /etc/postern/rewrite:2: 550 5.7.1 not for you", "later eve@auth.example"},
		{"-x@auth.example", "error: -x@auth.example: mail for this address is not permitted: /etc/postern/rewrite:2: the address would be an option of the command",
			"error: -x@auth.example: mail for this address is not permitted: /etc/postern/rewrite:2: the address would be an option of the command"},
	}
	for _, tt := range tests {
		if got := in.routeText(in.runner(), tt.address); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.address, got, tt.want)
		}
		in.config.Commands = false
		if got := in.routeText(in.deliverer(), tt.address); got != tt.queued {
			t.Errorf("%s, to be queued:\n got %s\nwant %s", tt.address, got, tt.queued)
		}
	}
	if answer, err := in.deliverer().Ask(context.Background(), mailbox("-x@auth.example")); answer != Refused || err != nil {
		t.Errorf("got %v, %v, want Refused", answer, err)
	}
	for address, want := range map[string]string{
		"bob@tr.example":    "250 2.0.0 delivered",
		"nosuch@tr.example": "550 5.1.1 nobody of that name",
		"slow@tr.example":   "451 4.3.0 try again later",
		"none@tr.example":   "550 5.1.1 no such mailbox",
		"eve@auth.example":  "550 5.7.1 not for you",
		"ok@auth.example":   "250 2.0.0 delivered",
		"bad@tr.example":    "451 4.3.0 local error, try again later",
	} {
		if o := in.carry(in.runner(), address, text); o.Reply.String() != want {
			t.Errorf("%s: got %v, want %s", address, o, want)
		}
	}
	if got := in.mails("bob"); len(got) != 2 {
		t.Errorf("bob has %d messages, want 2", len(got))
	}
}

// TestCommandsAreQueued is what smtpd does with them: it takes the mail, and
// runs nothing.
func TestCommandsAreQueued(t *testing.T) {
	in := newInstance(t, "bob")
	in.script("var/lib/postern/mail/bob/pipeto", "touch "+in.root+"/touched")
	touch := in.script("touch", "touch "+in.root+"/touched; echo bob")
	in.rules("a@mx.example | " + touch + "\nb@mx.example translate " + touch + "\nc@mx.example auth " + touch + "\n")
	d := in.deliverer()
	for _, address := range []string{"a@mx.example", "b@mx.example", "c@mx.example", "bob@mx.example"} {
		if answer, err := d.Ask(context.Background(), mailbox(address)); answer != Known || err != nil {
			t.Errorf("%s: got %v, %v, want Known", address, answer, err)
		}
		where, err := in.send(d, envelope(address), text, 100)
		if err != nil || !strings.HasPrefix(where, "queue ") {
			t.Errorf("%s: got %q, %v, want it queued", address, where, err)
		}
		if o := in.carry(d, address, text); o.Status != Deferred && address != "c@mx.example" {
			t.Errorf("%s: got %v", address, o)
		}
	}
	if _, err := os.Stat(in.root + "/touched"); err == nil {
		t.Error("a command was run")
	}
}

// TestForeignCommand is a queue that root does not own: it cannot make root's
// runq run what no rule says.
func TestForeignCommand(t *testing.T) {
	e2e.NeedRoot(t)
	in := newInstance(t)
	touch := in.script("touch", "touch "+in.root+"/touched")
	in.aliases("cmd: |" + touch + " well\n")
	d := in.runner()
	if _, err := d.Queue(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(in.places.Queue(), 12345, 12345); err != nil {
		t.Fatal(err)
	}
	for dest, want := range map[string]Status{
		"| " + touch + " well": Delivered, "| " + touch: Deferred, "| /bin/touch " + in.root + "/touched": Deferred,
		">> lmtp:" + in.root + "/x": Deferred,
	} {
		env := envelope("cmd@mx.example")
		env.Recipients[0].Dest = dest
		os.Remove(in.root + "/touched")
		o := d.Deliver(context.Background(), env, 0, strings.NewReader(text), false)
		_, err := os.Stat(in.root + "/touched")
		if o.Status != want || (err == nil) != (want == Delivered) {
			t.Errorf("%s: got %v, touched %v, want %v", dest, o, err == nil, want)
		}
	}
}

// TestCommandAs is that commands lose root's rights.
func TestCommandAs(t *testing.T) {
	e2e.NeedRoot(t)
	in := newInstance(t)
	if err := os.Chmod(in.root, 0o755); err != nil {
		t.Fatal(err)
	}
	in.config.CommandAs = &syscall.Credential{Uid: 12345, Gid: 12346}
	in.aliases("cmd: \"|/bin/sh -c 'test `id -u`,`id -G` = 12345,12346 && cat >/dev/null || exit 69'\"\n")
	if o := in.carry(in.runner(), "cmd@mx.example", text); o.Status != Delivered {
		t.Errorf("got %v, want status %d of the command", o, sysexits.OK)
	}
}

// TestBegunIsFinished is a runq that is told to end: the delivery that it has
// begun goes on, and no other begins.
func TestBegunIsFinished(t *testing.T) {
	in := newInstance(t, "bob")
	in.script("cmd", "touch "+in.root+"/begun; sleep 0.3; touch "+in.root+"/done")
	in.aliases("cmd: |" + in.root + "/cmd\n")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat(in.root + "/begun"); err == nil {
				break
			}
		}
		cancel()
	}()
	env := envelope("cmd@mx.example", "bob@mx.example")
	var got []Outcome
	job := Job{Env: env, Rcpts: []int{0, 1}, Again: func(int) bool { return false }, Text: func() io.ReadSeeker { return strings.NewReader(text) }}
	in.runner().DeliverAll(ctx, job, func(_ int, o Outcome) { got = append(got, o) })
	if _, err := os.Stat(in.root + "/done"); err != nil || len(got) != 1 || got[0].Status != Delivered || len(in.mails("bob")) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
}
