package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postern/lib/place"
)

// TestOldConfigurations reads whole files of the old programs. What --check
// says of each line of theirs, and which defaults came with them, is compared
// with a file beside; POSTERN_UPDATE=1 writes it.
func TestOldConfigurations(t *testing.T) {
	usual := strings.Split(checkOutput(t), "\n")
	for _, c := range []struct{ dialect, file string }{
		{"avenger", "testdata/conf/asmtpd.conf"},
		{"zmailer", "testdata/conf/smtpserver.conf"},
		{"plan9", "testdata/conf/smtpd.conf.plan9"},
	} {
		var got strings.Builder
		for line := range strings.Lines(checkOutput(t, "-C", c.dialect+":"+c.file)) {
			if !slices.Contains(usual, strings.TrimSuffix(line, "\n")) {
				got.WriteString(strings.ReplaceAll(line, c.file, filepath.Base(c.file)))
			}
		}
		golden := c.file + ".check"
		if os.Getenv("POSTERN_UPDATE") == "1" {
			if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got.String() != string(want) {
			t.Errorf("%s: %v; run POSTERN_UPDATE=1 go test ./smtpd -run OldConf and read what changed; got\n%s", c.file, err, got.String())
		}
	}
}

// checkOutput is what smtpd --check says, complaints first.
func checkOutput(t *testing.T, args ...string) string {
	t.Helper()
	root := t.TempDir()
	t.Setenv(place.RootEnv, root)
	var out, errs strings.Builder
	if status := run(append(args, "--check"), strings.NewReader(""), &out, &errs); status != 0 {
		t.Errorf("%q: exit status %d: %s", args, status, errs.String())
	}
	return strings.ReplaceAll(errs.String()+out.String(), root, "$ROOT")
}

// The files name one directive each that there never was. All others are known.
func TestOldConfigurationsAreKnown(t *testing.T) {
	for _, file := range []string{"asmtpd.conf", "smtpserver.conf", "smtpd.conf.plan9"} {
		check, err := os.ReadFile("testdata/conf/" + file + ".check")
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(check), "unknown directive"); n != 1 {
			t.Errorf("%s: %d unknown directives, there is one", file, n)
		}
	}
}
