package main

import (
	"path/filepath"
	"testing"
)

func TestDefaultScheme(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	for _, args := range [][]string{{"ann"}, {"-s", "bcrypt", "bob"}} {
		if status, _, errs := use(t, "secret\n", append([]string{"-f", file}, args...)...); status != 0 {
			t.Fatal(status, errs)
		}
	}
	if _, out, _ := use(t, "", "-l", "-f", file); out != "ann argon2id\nbob bcrypt\n" {
		t.Errorf("users -l: %q", out)
	}
	for _, name := range []string{"ann", "bob"} {
		if status, _, errs := use(t, "secret\n", "-c", "-f", file, name); status != 0 {
			t.Errorf("%s: exit %d, %q", name, status, errs)
		}
	}
}
