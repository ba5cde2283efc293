package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/e2e"
)

// private makes temporary folders go where the test can see them, and returns
// that place.
func private(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return dir
}

// wantEmpty wants a folder with nothing of the demonstration left in it.
func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	if left, _ := filepath.Glob(dir + "/postern-demo-*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestOnce(t *testing.T) {
	tmp := private(t)
	var stdout, stderr bytes.Buffer
	if status := run([]string{"-1"}, nil, &stdout, &stderr); status != 0 || stderr.Len() > 0 {
		t.Fatalf("status %d, stderr %q, stdout %s", status, stderr.String(), stdout.String())
	}
	rest := stdout.String()
	for _, want := range []string{
		"S  220 mx.demo.test ESMTP",
		"C  EHLO laptop.example",
		"C  STARTTLS",
		"(TLSv1.3",
		"C  EHLO laptop.example",
		"C  MAIL FROM:<demo@laptop.example>",
		"C  RCPT TO:<you@demo.test>",
		"C  DATA",
		"S  250 2.0.0",
		"C  QUIT",
		"\n  verdict  ", "  accept\n",
		"\n  protocol_name  ", "  ESMTPS\n",
		"| Return-Path: <demo@laptop.example>",
		"with ESMTPS",
		"| Subject: The gate is open",
		"| .\n",
	} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("no %q in its place in:\n%s", want, stdout.String())
		}
		rest = after
	}
	if strings.Contains(stdout.String(), "\x1b") {
		t.Error("escape sequences, and no terminal")
	}
	wantEmpty(t, tmp)
}

func TestKeptInstance(t *testing.T) {
	tmp, dir := private(t), t.TempDir()+"/a folder"
	for range 2 {
		var stdout, stderr bytes.Buffer
		if status := run([]string{"-1", "-d", dir}, nil, &stdout, &stderr); status != 0 {
			t.Fatalf("status %d, stderr %s", status, stderr.String())
		}
		conf, err := os.OpenFile(dir+"/etc/postern/smtpd.conf", os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		conf.WriteString("# mine\n")
		conf.Close()
	}
	if got, err := os.ReadDir(dir + "/var/lib/postern/mail/you/new"); err != nil || len(got) != 2 {
		t.Errorf("got %d messages (%v), want 2", len(got), err)
	}
	if text, _ := os.ReadFile(dir + "/etc/postern/smtpd.conf"); strings.Count(string(text), "# mine") != 2 {
		t.Errorf("the configuration was written over:\n%s", text)
	}
	wantEmpty(t, tmp)
}

// watched is what a demonstration that goes on has shown.
type watched struct{ e2e.Log }

// until waits for a text to be shown.
func (w *watched) until(t *testing.T, text string) {
	t.Helper()
	for range 200 {
		if strings.Contains(w.String(), text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%q was not shown:\n%s", text, w.String())
}

// start begins a demonstration that goes on until the test ends it by end.
func start(t *testing.T) (w *watched, end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w, done := new(watched), make(chan error, 1)
	go func() { done <- show(ctx, &flags{port: defaultPort}, newScreen(w)) }()
	end = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { end() })
	for !strings.Contains(w.String(), "until you press ^C") {
		select {
		case err := <-done:
			done <- err
			t.Fatal(err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return w, end
}

func TestSessions(t *testing.T) {
	tmp := private(t)
	w, end := start(t)
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(w.String())
	if err := sendLetter(t.Context(), address, nil); err != nil {
		t.Fatal(err)
	}
	w.until(t, "accept  <demo@laptop.example> to you@demo.test")
	if err := end(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(w.String(), "is removed") {
		t.Error("the end was not shown")
	}
	wantEmpty(t, tmp)
}

// TestCommands runs the commands that are printed, as they are printed.
func TestCommands(t *testing.T) {
	e2e.Need(t, "swaks", "openssl")
	private(t)
	w, _ := start(t)
	for _, test := range []struct{ command, input, shown string }{
		{"swaks .* --tls", "", "accept  <you@example.org> to you@demo.test"},
		{"swaks .* --to nobody@demo.test", "", "reject  <you@example.org> to nobody@demo.test"},
		{"openssl .*", "EHLO me.example\nMAIL FROM:<me@example.org>\nRCPT TO:<you@demo.test>\nDATA\nSubject: by hand\n\ntext\n.\nQUIT\n",
			"accept  <me@example.org> to you@demo.test"},
		{"POSTERN_ROOT=.* --check", "", ""},
	} {
		line := regexp.MustCompile(`(?m)^  ` + test.command + `$`).FindString(w.String())
		if line == "" {
			t.Fatalf("no command %q in:\n%s", test.command, w.String())
		}
		c := exec.Command("sh", "-c", line)
		if test.input != "" {
			c.Stdin = &typist{text: test.input}
		}
		out, err := c.CombinedOutput()
		if test.shown == "" && err != nil {
			t.Errorf("%s: %v: %s", line, err, out)
		}
		w.until(t, test.shown)
	}
}

// typist gives a line at a time, and pauses as a person would: what comes
// ahead of the server's answers is another thing.
type typist struct{ text string }

func (r *typist) Read(p []byte) (int, error) {
	time.Sleep(100 * time.Millisecond)
	line, rest, _ := strings.Cut(r.text, "\n")
	r.text = rest
	if line == "" && rest == "" {
		time.Sleep(200 * time.Millisecond)
		return 0, io.EOF
	}
	return copy(p, line+"\n"), nil
}

func TestNextPort(t *testing.T) {
	first, err := freePort(defaultPort)
	if err != nil {
		t.Fatal(err)
	}
	l := occupy(t, first)
	defer l.Close()
	if second, err := freePort(first); err != nil || second <= first {
		t.Errorf("got %d, %v; want more than %d", second, err, first)
	}
	if _, err := freePort(65536); err == nil || !strings.Contains(err.Error(), "choose another with -p") {
		t.Errorf("no port: got %v", err)
	}
}

func TestFailures(t *testing.T) {
	private(t)
	outside := t.TempDir()
	tests := []struct {
		name   string
		args   []string
		dir    string
		path   string
		status int
		want   string
	}{
		{"unknown option", []string{"-x"}, "", "", 64, "unknown option -x"},
		{"operand", []string{"-1", "now"}, "", "", 64, `unexpected argument "now"`},
		{"no port", []string{"-p", "0"}, "", "", 64, "a port is from 1 to 65535"},
		{"no source", []string{"-1"}, outside, "", 69, "change to the folder that you cloned it into"},
		{"no Go", []string{"-1"}, "", outside, 69, "install Go"},
		{"no folder", []string{"-1", "-d", "/dev/null/x"}, "", "", 73, "no folder for the instance"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.dir != "" {
				t.Chdir(test.dir)
			}
			if test.path != "" {
				t.Setenv("PATH", test.path)
			}
			var stdout, stderr bytes.Buffer
			status := run(test.args, nil, &stdout, &stderr)
			if status != test.status || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("got %d, %q; want %d, %q", status, stderr.String(), test.status, test.want)
			}
		})
	}
}

func TestBrokenSource(t *testing.T) {
	private(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("go.mod", []byte("module postern\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if status := run([]string{"-1"}, nil, &stdout, &stderr); status != 69 || !strings.Contains(stderr.String(), "directory not found") {
		t.Errorf("got %d, %s", status, stderr.String())
	}
}
