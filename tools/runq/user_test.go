package main

import (
	"os"
	"strings"
	"testing"

	"postern/lib/e2e"
)

func TestCredential(t *testing.T) {
	for name, want := range map[string]string{
		"nobody": "", "root": "not run as root", "0": "not run as root", "no such": "no such user",
	} {
		c, err := credential(name)
		if want == "" && (err != nil || c.Uid == 0) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, %v, want %q", name, c, err, want)
		}
	}
}

func TestCommandUser(t *testing.T) {
	e2e.NeedRoot(t)
	root := instance(t)
	if err := os.WriteFile(root+"/etc/postern/smtpd.conf", []byte("CommandUser nosuch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := runIn(t, root); status != 78 || !strings.Contains(stderr, "CommandUser nosuch: no such user") {
		t.Errorf("got %d, %q", status, stderr)
	}
}
