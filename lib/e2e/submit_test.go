package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// outsider is the user of these tests, who may write nothing of the instance.
const outsider = 65534

// openInstance is an instance whose programs an ordinary user can run, with
// smtpd at its socket as submit.socket starts it. Its sendmail is a script, so
// that callers need not know where the instance is.
func openInstance(t *testing.T) (in *instance, sendmail string) {
	t.Helper()
	NeedRoot(t)
	in = newInstance(t)
	for dir := in.root; dir != "/" && dir != "/tmp"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"run", "run/postern", "etc", "etc/postern"} {
		if err := os.Chmod(filepath.Join(in.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sendmail = filepath.Join(in.root, "sendmail")
	script := "#!/bin/sh\nPOSTERN_ROOT=" + in.root + " exec " + program(t, "send") + " \"$@\"\n"
	if err := os.WriteFile(sendmail, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return in, sendmail
}

// takeSubmissions is submit.socket.
func (in *instance) takeSubmissions() { in.t.Helper(); in.serveAt("submit", "smtpd", "--submit") }

// serveAt listens at a socket for the users of this host, and starts a program
// for each caller.
func (in *instance) serveAt(name, prog string, args ...string) {
	in.t.Helper()
	path := filepath.Join(in.root, "run/postern", name)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { l.Close() })
	if err := os.Chmod(path, 0o666); err != nil {
		in.t.Fatal(err)
	}
	prog = program(in.t, prog)
	go func() {
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			f, err := c.File()
			c.Close()
			if err != nil {
				return
			}
			cmd := exec.Command(prog, args...)
			cmd.Env, cmd.Dir = in.env(), in.root
			cmd.Stdin, cmd.Stdout = f, f
			cmd.Run()
			f.Close()
		}
	}()
}

// asOutsider runs a program as the outsider, who knows nothing of the instance.
func asOutsider(t *testing.T, stdin, path string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C", "MAILRC=/dev/null",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@mx.test", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@mx.test"}
	cmd.Dir = "/"
	cmd.Stdin = strings.NewReader(stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: outsider, Gid: outsider}}
	out, err := cmd.CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// handedIn is the message that bob has, which says whose it is.
func handedIn(t *testing.T, in *instance) string {
	t.Helper()
	text := in.message("bob")
	if !strings.Contains(text, fmt.Sprintf("uid#%d@localhost", outsider)) {
		t.Errorf("who sent it is not in\n%s", text)
	}
	return text
}

// An ordinary user's sendmail works without a privilege of its own.
func TestHandIn(t *testing.T) {
	in, sendmail := openInstance(t)
	if out, status := asOutsider(t, "Subject: x\n\ntext\n", sendmail, "bob"); status != 75 || !strings.Contains(out, "submit.socket") {
		t.Errorf("without a socket: %d, %s", status, out)
	}
	in.takeSubmissions()
	for _, tt := range []struct {
		args   string
		status int
		says   string
	}{
		{"nobody-here", 67, "no such mailbox"},
		{"bob nobody-here", 67, "no such mailbox"},
		{"-i -f ann@mx.test -oem bob", 0, ""},
	} {
		out, status := asOutsider(t, "Subject: x\n\n10%\r20%\n.\nthe end\n", sendmail, strings.Fields(tt.args)...)
		if status != tt.status || !strings.Contains(out, tt.says) {
			t.Errorf("%s: %d, %s", tt.args, status, out)
		}
	}
	text := handedIn(t, in)
	for _, want := range []string{"Return-Path: <ann@mx.test>\n", "\nSubject: x\n", "\nFrom: ann@mx.test\n", "\nMessage-ID: <", "\n\n10% 20%\n.\nthe end\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// An ordinary user's mailq shows him what he has handed in, and who is in the
// group of the queue all.
func TestMailq(t *testing.T) {
	in, sendmail := openInstance(t)
	in.takeSubmissions()
	if out, status := asOutsider(t, "Subject: x\n\ntext\n", sendmail, "-f", "ann@mx.test", "his@other.example"); status != 0 {
		t.Fatalf("%d, %s", status, out)
	}
	in.run("Subject: x\n\ntext\n", program(t, "send"), "roots@other.example")
	if out, status := asOutsider(t, "", sendmail, "-bp"); status != 75 || !strings.Contains(out, "mailq.socket") {
		t.Errorf("without a socket: %d, %s", status, out)
	}
	in.serveAt("mailq", "runq", "--caller")
	out, status := asOutsider(t, "", sendmail, "-bp")
	if status != 0 || !strings.Contains(out, "his@other.example") || strings.Contains(out, "roots@") || !strings.Contains(out, "-- 1 entry") {
		t.Errorf("his own: %d, %s", status, out)
	}
	queue := filepath.Join(in.root, "var/spool/postern/queue")
	if err := os.Chown(queue, -1, outsider); err != nil {
		t.Fatal(err)
	}
	out, status = asOutsider(t, "", sendmail, "-bp")
	if status != 0 || !strings.Contains(out, "his@other.example") || !strings.Contains(out, "roots@other.example") {
		t.Errorf("all: %d, %s", status, out)
	}
}

// SMTP with the caller, by the socket.
func TestHandInBS(t *testing.T) {
	in, sendmail := openInstance(t)
	in.takeSubmissions()
	out, status := asOutsider(t, "MAIL FROM:<a@b.example>\nRCPT TO:<bob@mx.test>\nDATA\nSubject: x\n\ntext\n.\nQUIT\n", sendmail, "-bs")
	if status != 0 || !strings.Contains(out, "\n250 2.0.0 accepted as ") {
		t.Errorf("%d\n%s", status, out)
	}
	handedIn(t, in)
}

// The mail programs of ordinary users.
func TestUsersPrograms(t *testing.T) {
	Need(t, "s-nail", "/usr/lib/git-core/git-send-email")
	patch := filepath.Join(t.TempDir(), "0001-x.patch")
	text := "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: Ann <ann@mx.test>\nDate: Sat, 21 Nov 2026 12:00:00 +0000\nSubject: [PATCH] the subject\n\nthe text\n---\n"
	if err := os.WriteFile(patch, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(patch); dir != "/" && dir != "/tmp"; dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755)
	}
	tests := []struct {
		name, stdin string
		argv        func(sendmail string) []string
	}{
		{"s-nail", "the text\n", func(sendmail string) []string {
			return []string{"s-nail", "-:/", "-S", "mta=" + sendmail, "-S", "sendwait", "-s", "the subject", "bob@mx.test"}
		}},
		{"git send-email", "", func(sendmail string) []string {
			return []string{"git", "send-email", "--smtp-server=" + sendmail, "--from=ann@mx.test", "--to=bob@mx.test", "--confirm=never", "--quiet", patch}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, sendmail := openInstance(t)
			in.takeSubmissions()
			argv := tt.argv(sendmail)
			if out, status := asOutsider(t, tt.stdin, Need(t, argv[0])[0], argv[1:]...); status != 0 {
				t.Fatalf("%d\n%s", status, out)
			}
			text := handedIn(t, in)
			for _, want := range []string{"the subject\n", "\n\nthe text\n", "\nTo: bob@mx.test\n"} {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}
