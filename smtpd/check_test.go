package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/e2e"
	"postern/lib/tlsconf"
)

// What root who checks can use, and smtpd cannot, is named.
func TestKeyOfRoot(t *testing.T) {
	e2e.NeedRoot(t)
	key := filepath.Join(t.TempDir(), "key.pem")
	for mode, want := range map[os.FileMode]bool{0o600: true, 0o640: false, 0o644: false, 0o400: true} {
		os.Remove(key)
		if err := os.WriteFile(key, nil, mode); err != nil {
			t.Fatal(err)
		}
		settings := tlsSettings{mode: tlsOffer, pairs: []tlsconf.Pair{{Cert: "/nonexistent", Key: key}}}
		var out bytes.Buffer
		settings.warnOfRoots(&out)
		if got := strings.Contains(out.String(), key+": root alone may read it"); got != want {
			t.Errorf("mode %o: said %q", mode, &out)
		}
	}
}

// A mailer that is not there is said before mail is.
func TestCheckMailer(t *testing.T) {
	for mailer, want := range map[string]bool{"": true, "/bin/sh -c x": true, "/nonexistent/mailer": false, "no-such-mailer": false} {
		c := &config{mailer: strings.Fields(mailer)}
		if err := c.checkMailer(); (err == nil) != want {
			t.Errorf("%q: %v", mailer, err)
		}
	}
}
