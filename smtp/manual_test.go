package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// examples are the command lines behind EXAMPLES in the manual page, without
// what the shell does with them, and with a socket at which nobody listens.
func examples(t *testing.T) [][]string {
	t.Helper()
	page, err := os.ReadFile("smtp.8")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), ".Sh EXAMPLES\n")
	text, _, _ = strings.Cut(text, ".Sh ")
	var lines [][]string
	for line := range strings.Lines(text) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), ".Dl smtp ")
		if !ok {
			continue
		}
		line, _, _ = strings.Cut(line, " <letter")
		line = strings.ReplaceAll(line, "/run/dovecot/", t.TempDir()+"/")
		lines = append(lines, strings.Fields(strings.ReplaceAll(line, "'", "")))
	}
	return lines
}

// TestExamples runs the examples of smtp(8) with a DNS that knows none of their
// hosts: what they ask for is understood, and comes to the point at which a
// host is needed.
func TestExamples(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lines := examples(t)
	if len(lines) < 7 {
		t.Fatalf("got %d examples", len(lines))
	}
	for _, args := range lines {
		want, filter := 68, strings.HasPrefix(args[0], "-f")
		switch {
		case filter:
			want = 0
		case strings.Contains(strings.Join(args, " "), "unix!"):
			want = 75
		}
		status, stdout, stderr := smtpTo(t, letterText, append([]string{"-z", empty}, args...)...)
		if status != want {
			t.Errorf("%q: got %d, want %d: %s%s", args, status, want, stdout, stderr)
		}
		if filter && !strings.Contains(stdout, "To: bob@d.test\r\n") {
			t.Errorf("%q: got %s", args, stdout)
		}
	}
}

// TestExampleJob runs the job of smtp(8) against a host.
func TestExampleJob(t *testing.T) {
	page, err := os.ReadFile("smtp.8")
	if err != nil {
		t.Fatal(err)
	}
	_, job, _ := strings.Cut(string(page), "and an empty line:\n.Bd -literal -offset indent\n")
	job, _, found := strings.Cut(job, ".Ed\n")
	if !found {
		t.Fatal("no job in the page")
	}
	letter := filepath.Join(t.TempDir(), "letter")
	if err := os.WriteFile(letter, []byte(strings.Repeat("#", 120)+"text\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := hosts(t, []string{greeting +
		"C: MAIL FROM:<ann@example.org>\nC: RCPT TO:<bob@example.com>\nC: RCPT TO:<eve@example.com>\nC: DATA\n" +
		"S: 250 ok\n" + goOn + "C: text\nC: .\nC: QUIT\nS: 250 kept\nS: 221 bye"})
	status, stdout, stderr := smtpTo(t, strings.Replace(job, "/tmp/letter", letter, 1), "-B", "127.0.0.2:"+port)
	if status != 0 || strings.Count(stdout, "id=1 ") != 2 {
		t.Errorf("got %d, %s%s", status, stdout, stderr)
	}
}
