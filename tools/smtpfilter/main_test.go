package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/place"
	"postern/lib/sysexits"
)

// instance is a private root with a configuration, and a program that writes
// down how it is run.
func instance(t *testing.T, conf string) (root string) {
	t.Helper()
	root = t.TempDir()
	t.Setenv("POSTERN_ROOT", root)
	for name, text := range map[string]string{
		"etc/postern/smtpd.conf": conf,
		"etc/postern/prog":       "#!/bin/sh\necho \"$@\" >>" + root + "/ran\ntest -e " + root + "/broken && { echo no table >&2; exit 1; } || exit 0\n",
		"etc/postern/shared":     "#!/bin/sh\n",
		"etc/postern/plain":      "",
	} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"prog": 0o755, "shared": 0o775} {
		if err := os.Chmod(filepath.Join(root, "etc/postern", name), mode); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func program(args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = run(args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

func TestConfiguration(t *testing.T) {
	for _, c := range []struct {
		conf string
		want int
		said string
	}{
		{"", sysexits.Config, "no SMTPFilter"},
		{"SMTPFilter none\n", sysexits.Config, "no such file"},
		{"SMTPFilter plain\n", sysexits.Config, "permission denied"},
		{"SMTPFilter /etc\n", sysexits.Config, "permission denied"},
		{"SMTPFilter shared\n", sysexits.Config, "others than its owner may write it"},
		{"TrustedNet nonsense\nSMTPFilter prog\n", sysexits.Config, "smtpd.conf:1"},
		{"SMTPFilter prog -x\nMaxRcpts 5\nTrustedNet 10.0.0.0/8\n", 0, ""},
	} {
		instance(t, c.conf)
		status, out, said := program("--check")
		if status != c.want || !strings.Contains(said, c.said) {
			t.Errorf("%q: %d, %q; want %d, %q", c.conf, status, said, c.want, c.said)
		}
		if c.want == 0 && (!strings.Contains(out, "SMTPFilter ") || !strings.Contains(out, "TrustedNet 10.0.0.0/8")) {
			t.Errorf("%q: --check says\n%s", c.conf, out)
		}
	}
	if status, _, said := program("x"); status != sysexits.Usage || !strings.Contains(said, `"x"`) {
		t.Errorf("an operand: %d, %q", status, said)
	}
	if status, out, _ := program("-V"); status != 0 || !strings.HasPrefix(out, "smtpfilter ") {
		t.Errorf("-V: %d, %q", status, out)
	}
}

// -n says what would be run, and runs nothing.
func TestPreview(t *testing.T) {
	root := instance(t, "SMTPFilter prog --table x\n")
	dir := filepath.Join(root, "var/lib/postern/filter")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for name, text := range map[string]string{"192.0.2.1": text, "192.0.2.2": "2001-01-01T00:00:00Z"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	prog := filepath.Join(root, "etc/postern/prog") + " --table x "
	status, out, said := program("-n")
	if status != 0 || out != prog+"clear\n"+prog+"add 192.0.2.1\n" || said != "" {
		t.Errorf("%d, %q, %q", status, out, said)
	}
	if _, err := os.Stat(filepath.Join(root, "ran")); err == nil {
		t.Error("it was run")
	}
	if _, err := os.Stat(filepath.Join(dir, "192.0.2.2")); err != nil {
		t.Error(err)
	}
}

// The program gets its words, and its last one on standard error is the
// reason.
func TestRunProgram(t *testing.T) {
	root := instance(t, "SMTPFilter prog first\n")
	c, err := loadConfig("", place.New(root))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	k := newKeeper(c, root, &log)
	if err := k.do(context.Background(), "add", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if ran, err := os.ReadFile(filepath.Join(root, "ran")); err != nil || string(ran) != "first add 192.0.2.1\n" {
		t.Errorf("it was run as %q, %v", ran, err)
	}
	if err := os.WriteFile(filepath.Join(root, "broken"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err = k.do(context.Background(), "clear")
	if err == nil || !strings.Contains(err.Error(), "prog clear: exit status 1: no table") {
		t.Errorf("a failure is %v", err)
	}
	if status, _, said := program(); status != sysexits.TempFail || !strings.Contains(said, "no table") {
		t.Errorf("it starts with a program that does not work: %d, %q", status, said)
	}
}
