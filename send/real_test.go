package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/place"
	"postern/lib/queue"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// TestMain makes the test binary the program itself when it is called send.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "send" {
		main()
	}
	os.Exit(m.Run())
}

// binary is the path of the program, in a folder of its own.
func binary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/send"
	if os.Link(self, path) == nil {
		return path
	}
	data, err := os.ReadFile(self)
	if err == nil {
		err = os.WriteFile(path, data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// command is a run of the program with a message on standard input.
func command(path, text string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader(text)
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

// status is the exit status of a run.
func status(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

func TestEnvelopeOnDescriptor3(t *testing.T) {
	path := binary(t)
	tests := []struct {
		name     string
		envelope func() []byte
		status   int
		want     string
	}{
		{"from smtpd", func() []byte {
			env := &smtp.Envelope{ID: "abc", Sender: smtp.Mailbox{Local: "s", Domain: "x.example"}, Recipients: []smtp.Recipient{
				{Mailbox: smtp.Mailbox{Local: "bob", Domain: "mx.example"}, Notify: []string{"NEVER"}, Dest: ">> /nowhere/"}}}
			return queue.AppendEnvelope(nil, env)
		}, 0, "Return-Path: <s@x.example>\nDelivered-To: bob@mx.example\nReceived: x\n\n.\nFrom y\n"},
		{"of another message", func() []byte {
			return queue.AppendEnvelope(nil, &smtp.Envelope{ID: "abc"})
		}, sysexits.DataErr, ""},
		{"nonsense", func() []byte { return []byte("x\n") }, sysexits.DataErr, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := instance(t)
			put(t, p.Root()+"/envelope", string(tt.envelope()))
			f, err := os.Open(p.Root() + "/envelope")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			cmd := command(path, "Received: x\n\n.\nFrom y\n", "-f", "s@x.example", "--", "bob@mx.example")
			cmd.Env = []string{place.RootEnv + "=" + p.Root(), place.EnvelopeEnv + "=3"}
			cmd.ExtraFiles = []*os.File{f}
			if got := status(cmd.Run()); got != tt.status {
				t.Errorf("got status %d, %v, want %d", got, cmd.Stderr, tt.status)
			}
			if got := strings.Join(mails(t, p, "bob"), ""); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestUnreadableEnvelope: an envelope that cannot be read, as a folder cannot, is
// no fault of the message's.
func TestUnreadableEnvelope(t *testing.T) {
	path, p := binary(t), instance(t)
	f, err := os.Open(p.Root())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := command(path, "Received: x\n\ntext\n", "-f", "s@x.example", "--", "bob@mx.example")
	cmd.Env = []string{place.RootEnv + "=" + p.Root(), place.EnvelopeEnv + "=3"}
	cmd.ExtraFiles = []*os.File{f}
	if got := status(cmd.Run()); got != sysexits.NoInput || len(mails(t, p, "bob")) != 0 {
		t.Errorf("got status %d, %v, want %d", got, cmd.Stderr, sysexits.NoInput)
	}
}

// TestParallelMbox has many processes deliver into one mbox, a third of them
// killed. What was reported safe is there, and every message is whole.
func TestParallelMbox(t *testing.T) {
	const writers = 30
	path, p := binary(t), instance(t)
	var mu sync.Mutex
	var safe []string
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			id := fmt.Sprintf("message %d.", i)
			cmd := command(path, "Subject: "+id+"\n\n"+strings.Repeat("From "+id+"\n", 3000)+"end "+id+"\n", "-f", "a@b.example", "box")
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			if i%3 == 0 {
				time.AfterFunc(time.Duration(i)*2*time.Millisecond, func() { cmd.Process.Kill() })
			}
			switch got := status(cmd.Wait()); {
			case got == 0:
				mu.Lock()
				defer mu.Unlock()
				safe = append(safe, id)
			case i%3 != 0:
				t.Errorf("%s: status %d, %v", id, got, cmd.Stderr)
			}
		})
	}
	all.Wait()
	if got := status(command(path, "Subject: last.\n\nend last.\n", "-f", "a@b.example", "box").Run()); got != 0 {
		t.Fatalf("the last one: status %d", got)
	}
	data, err := os.ReadFile(p.Root() + "/mbox")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, m := range strings.Split("\n\n"+string(data), "\n\nFrom a@b.example ")[1:] {
		_, id, _ := strings.Cut(m, "\nSubject: ")
		id, _, _ = strings.Cut(id, "\n")
		found[id] = true
		if !strings.HasSuffix(strings.TrimRight(m, "\n"), "\nend "+id) {
			t.Errorf("%s is broken: it ends in %q", id, m[max(0, len(m)-50):])
		}
	}
	for _, id := range safe {
		if !found[id] {
			t.Errorf("%s was reported safe and is not there", id)
		}
	}
	t.Logf("%d of %d reported, %d found", len(safe), writers, len(found))
}

// TestMailboxOfAnotherUser is root's delivery: by a child, as the user.
func TestMailboxOfAnotherUser(t *testing.T) {
	e2e.NeedRoot(t)
	const uid = 12345
	path, p := binary(t), instance(t)
	// The child must find its way to the mailbox and to the program.
	for dir := p.Mail(); len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"", "/new", "/cur", "/tmp"} {
		if err := os.Chown(p.Mail()+"/bob"+dir, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	cmd := command(path, "From: z\n\nbody\n", "-v", "-f", "a@b.example", "bob", "carol")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v", err, cmd.Stderr)
	}
	names, _ := filepath.Glob(p.Mail() + "/bob/new/*")
	if len(names) != 1 {
		t.Fatalf("got %q, %v", names, cmd.Stderr)
	}
	fi, err := os.Stat(names[0])
	if err != nil {
		t.Fatal(err)
	}
	if st := fi.Sys().(*syscall.Stat_t); st.Uid != uid || st.Gid != uid || fi.Mode() != 0o600 {
		t.Errorf("got owner %d:%d, mode %v", st.Uid, st.Gid, fi.Mode())
	}
	want := "Return-Path: <a@b.example>\nDelivered-To: bob@mx.example\n"
	if got := mails(t, p, "bob")[0]; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\n\nbody\n") {
		t.Errorf("got %q", got)
	}
	if got := mails(t, p, "carol"); len(got) != 1 {
		t.Errorf("carol: got %q", got)
	}
}

// TestReader has a mail reader, s-nail, read what was delivered.
func TestReader(t *testing.T) {
	reader := e2e.Need(t, "s-nail")[0]
	p := instance(t)
	for _, n := range []string{"one", "two", "three"} {
		text := "Subject: subject " + n + "\nFrom: z@y.example\n\nbody " + n + "\nFrom here on\n\n>From there\nend " + n + "\n"
		for _, rcpt := range []string{"bob", "box"} {
			if got, _, stderr := send(strings.NewReader(text), "-f", "a@b.example", rcpt); got != 0 {
				t.Fatalf("status %d, %q", got, stderr)
			}
		}
	}
	for _, box := range []string{p.Mail() + "/bob", p.Root() + "/mbox"} {
		cmd := exec.Command(reader, "-:/", "-N", "-R", "-f", box)
		cmd.Env = []string{"HOME=" + p.Root(), "PATH=/usr/bin:/bin", "TERM=dumb", "LC_ALL=C", "PAGER=cat", "MAILRC=/dev/null"}
		cmd.Stdin = strings.NewReader("type *\nexit\n")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", box, err, out)
		}
		for _, n := range []string{"one", "two", "three"} {
			for _, want := range []string{"Subject: subject " + n, "body " + n + "\n", "From here on\n", "end " + n + "\n"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("%s: %q is not in what the reader shows:\n%s", box, want, out)
				}
			}
		}
		if got := strings.Count(string(out), "Subject: "); got != 3 {
			t.Errorf("%s: the reader shows %d messages, want 3:\n%s", box, got, out)
		}
	}
}
