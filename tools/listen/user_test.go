package main

import (
	"os/user"
	"strings"
	"testing"

	"postern/lib/e2e"
)

func TestLookUp(t *testing.T) {
	root, err := user.LookupId("0")
	if err != nil {
		t.Skip(err)
	}
	for _, tt := range []struct {
		spec     string
		uid, gid uint32
	}{
		{root.Username, 0, 0},
		{"0", 0, 0},
		{"0:12", 0, 12},
		{"54321:12", 54321, 12},
	} {
		c, err := lookUp(tt.spec)
		if err != nil {
			t.Errorf("%s: %v", tt.spec, err)
			continue
		}
		if c.Uid != tt.uid || c.Gid != tt.gid || len(c.Groups) == 0 {
			t.Errorf("%s is %+v", tt.spec, c)
		}
	}
	for spec, words := range map[string]string{
		"no-such-user":    "there is no user no-such-user",
		"0:no-such-group": "there is no group no-such-group",
		"54321":           "a group is needed",
		"-1:0":            "there is no user -1",
	} {
		if _, err := lookUp(spec); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %s", spec, err, words)
		}
	}
	if c, err := lookUp(""); c != nil || err != nil {
		t.Errorf("no user is %v, %v", c, err)
	}
}

// TestBecome has a program tell who it is.
func TestBecome(t *testing.T) {
	e2e.NeedRoot(t)
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	id := e2e.Need(t, "id")[0]
	for _, workers := range []string{"nobody", nobody.Uid + ":" + nobody.Gid} {
		d := start(t, t.TempDir(), "-u", workers, "127.0.0.1:0", "--", id)
		got := all(t, dial(t, d.addr(1)))
		if !strings.HasPrefix(got, "uid="+nobody.Uid+"(nobody) gid="+nobody.Gid) || strings.Contains(got, "0(root)") {
			t.Errorf("-u %s: the program is %s", workers, got)
		}
	}
}
