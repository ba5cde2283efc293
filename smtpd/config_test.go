package main

import (
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/place"
)

// The table has no name twice, and its defaults are those in force.
func TestDirectives(t *testing.T) {
	if err := defaultConfig(new(flags), place.New("")).directives().Verify(); err != nil {
		t.Error(err)
	}
}

// A wait of no time would end every session, or none that hangs.
func TestWaitsAreBounded(t *testing.T) {
	for _, name := range []string{"SMTPTimeout", "DataTimeout", "MailerTimeout"} {
		for value, want := range map[string]bool{"0": false, "25h": false, "1": true, "24h": true} {
			file := filepath.Join(t.TempDir(), "smtpd.conf")
			write(t, file, []byte(name+" "+value+"\n"))
			_, _, err := loadConfig(&flags{config: file}, place.New(t.TempDir()))
			if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "is not above 0 and at most 24h") {
				t.Errorf("%s %s: %v", name, value, err)
			}
		}
	}
}
