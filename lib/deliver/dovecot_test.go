package deliver

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// needLMTP starts a private dovecot-lmtpd in dir, on the socket dir/lmtp and
// on a port of loopback, which it answers. bob has room, full has none.
func needLMTP(t *testing.T, dir, tempfail string) (socket, address string) {
	t.Helper()
	e2e.Need(t, "/usr/lib/dovecot/lmtp")
	e2e.NeedRoot(t)
	address = e2e.FreePort(t)
	_, port, _ := net.SplitHostPort(address)
	config := strings.NewReplacer("PORT", port, "TEMPFAIL", tempfail).Replace(`protocols = lmtp
auth_username_format = %Ln
mail_location = maildir:DIR/mail/%Ln
mail_plugins = quota
quota_full_tempfail = TEMPFAIL
plugin {
  quota = maildir:User quota
}
service lmtp {
  unix_listener DIR/lmtp {
    mode = 0600
  }
  inet_listener lmtp {
    address = 127.0.0.1
    port = PORT
  }
}
passdb {
  driver = passwd-file
  args = username_format=%Ln DIR/users
}
userdb {
  driver = passwd-file
  args = username_format=%Ln DIR/users
}
`)
	const users = `bob:{PLAIN}x:1000:1000::/nonexistent::userdb_quota_rule=*:storage=10M
full:{PLAIN}x:1000:1000::/nonexistent::userdb_quota_rule=*:bytes=10
`
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte(users), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mail", "mail/bob", "mail/full"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		os.Chown(filepath.Join(dir, name), 1000, 1000)
	}
	e2e.StartDovecot(t, dir, config, "lmtp")
	return dir + "/lmtp", address
}

// TestRealLMTP is dovecot's server with one user who has room and one over
// quota: the first has the mail, the other is tried again, or is not, as the
// server says.
func TestRealLMTP(t *testing.T) {
	for tempfail, full := range map[string]struct {
		status Status
		code   string
	}{"yes": {Deferred, "452 4.2.2"}, "no": {Rejected, "552 5.2.2"}} {
		dir := e2e.PublicDir(t)
		socket, address := needLMTP(t, dir, tempfail)
		in := newInstance(t)
		for n, where := range []string{socket, address} {
			lmtp := ">> lmtp:" + where
			got := deliverAll(in.deliverer(),
				[]string{"full@mx.example", "bob@mx.example", "nosuch@mx.example"}, []string{lmtp, lmtp, lmtp})
			if got[0].Status != full.status || !strings.HasPrefix(got[0].Reply.String(), full.code) {
				t.Errorf("full at %s: got %v, %v, want %s", where, got[0].Status, got[0], full.code)
			}
			if got[1].Status != Delivered {
				t.Errorf("bob at %s: got %v", where, got[1])
			}
			if got[2].Status != Rejected || got[2].Reply.Code != 550 {
				t.Errorf("nosuch at %s: got %v", where, got[2])
			}
			mails, _ := filepath.Glob(dir + "/mail/bob/new/*")
			if len(mails) != n+1 {
				t.Errorf("bob has %d messages, want %d", len(mails), n+1)
			}
		}
		if mails, _ := filepath.Glob(dir + "/mail/full/new/*"); len(mails) > 0 {
			t.Errorf("full has %d messages", len(mails))
		}
	}
}
