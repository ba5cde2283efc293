package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lmtpd starts a private dovecot-lmtpd for the instance, on the socket
// root/lmtp. ann has room, bob is over his quota until raise is called.
func (in *instance) lmtpd() (raise func()) {
	in.t.Helper()
	Need(in.t, "/usr/lib/dovecot/lmtp")
	NeedRoot(in.t)
	in.write("users", quotas("10"))
	for _, user := range []string{"ann", "bob"} {
		in.mkdir("dovecot/" + user)
		os.Chown(filepath.Join(in.root, "dovecot", user), 1000, 1000)
	}
	os.Chmod(filepath.Join(in.root, "dovecot"), 0o755)
	StartDovecot(in.t, in.root, `protocols = lmtp
auth_username_format = %Ln
auth_cache_size = 0
mail_location = maildir:DIR/dovecot/%Ln
mail_plugins = quota
quota_full_tempfail = yes
plugin {
  quota = maildir:User quota
}
service lmtp {
  unix_listener DIR/lmtp {
    mode = 0600
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
`, "lmtp")
	return func() {
		time.Sleep(time.Second) // its passwd-file is looked at by the second
		in.write("users", quotas("10000000"))
	}
}

// quotas is a passwd-file in which bob may have so many octets.
func quotas(bob string) string {
	return "ann:{PLAIN}x:1000:1000::/nonexistent::userdb_quota_rule=*:storage=10M\n" +
		"bob:{PLAIN}x:1000:1000::/nonexistent::userdb_quota_rule=*:bytes=" + bob + "\n"
}

// TestLMTP is one message for two users of Dovecot, one of whom is over quota:
// the one has it, the other is tried again later, and has it then, once.
func TestLMTP(t *testing.T) {
	smtpd, runq := program(t, "smtpd"), program(t, "runq")
	root := PublicDir(t)
	in := newInstance(t)
	in.root = root
	in.write("etc/postern/smtpd.conf", "Hostname "+hostname+"\nClientName 0\n")
	in.write("etc/postern/rewrite", `.*@mx\.test >> lmtp:`+root+"/lmtp\n")
	in.mkdir("var/spool/postern")
	raise := in.lmtpd()
	in.converseContract([]string{smtpd}, []string{"ann@mx.test", "bob@mx.test"}, "", "250 2.0.0 ")
	steps := []struct {
		args     []string
		ann, bob int
		queue    string // a part of the list
	}{
		{[]string{"-d"}, 1, 0, `recipient=bob@mx.test state=wait tries=1`},
		{[]string{"-d"}, 1, 0, `reply="452 4.2.2 `}, // not yet due
		{[]string{"-d", "-E"}, 1, 1, ""},
	}
	for n, step := range steps {
		if n == 2 {
			raise()
		}
		if out, status := in.run("", runq, step.args...); status != 0 {
			t.Fatalf("runq: %d %s", status, out)
		}
		for user, want := range map[string]int{"ann": step.ann, "bob": step.bob} {
			if mails, _ := filepath.Glob(root + "/dovecot/" + user + "/new/*"); len(mails) != want {
				t.Errorf("step %d: %s has %d messages, want %d", n, user, len(mails), want)
			}
		}
		out, _ := in.run("", runq, "-L")
		if !strings.Contains(out, step.queue) || (out == "") != (step.queue == "") {
			t.Errorf("step %d: the queue has %s", n, out)
		}
	}
}
