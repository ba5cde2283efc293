package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/smtptest"
)

// neighbour is an MTA of Debian's that takes mail for bob@rcpt.test and for
// nobody else there, and puts it in the Maildir root/mail/Maildir.
type neighbour struct {
	name     string
	start    func(in *instance, addr, port string)
	chunking bool // it offers CHUNKING
	utf8     bool // it offers SMTPUTF8
	tls      bool // the TLS that it offers works
}

var neighbours = []neighbour{
	{"postfix", (*instance).postfix, true, true, true},
	{"exim", (*instance).exim, true, true, true},
	// Debian 12's build fails in every handshake, with OpenSSL's client too.
	{"opensmtpd", (*instance).opensmtpd, false, false, false},
}

// begin starts the neighbour in a folder of its own.
func (n neighbour) begin(t *testing.T) (in *instance, addr string) {
	NeedRoot(t)
	root := PublicDir(t)
	in = newInstance(t)
	in.root = root
	for _, name := range []string{"mail", "spool", "data", "log"} {
		in.mkdir(name)
		os.Chmod(filepath.Join(root, name), 0o755)
	}
	authority := smtptest.NewAuthority(t, "authority")
	smtptest.WritePair(t, root, "mx", authority.Server("mx.test"))
	in.write("ca.pem", string(authority.PEM()))
	addr = FreePort(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n.start(in, addr, port)
	accepts(t, addr)
	return in, addr
}

// give makes a file or folder of the instance somebody's.
func (in *instance) give(user, name string) {
	in.t.Helper()
	if out, err := exec.Command("chown", user, filepath.Join(in.root, name)).CombinedOutput(); err != nil {
		Missing(in.t, "chown %s: %s", user, out)
	}
}

// fill writes a configuration, in which ROOT and PORT are filled in.
func (in *instance) fill(name, port, text string) {
	in.write(name, strings.NewReplacer("ROOT", in.root, "PORT", port).Replace(text))
	os.Chmod(filepath.Join(in.root, name), 0o644)
}

// unpacked is a file of one of Debian's packages that is unpacked, not
// installed, since it would take the place of Postfix.
func unpacked(t testing.TB, name string) string {
	path := filepath.Join(os.Getenv("POSTERN_PEERS"), name)
	if _, err := os.Stat(path); err != nil || !filepath.IsAbs(path) {
		Missing(t, "%s is not unpacked below $POSTERN_PEERS", name)
	}
	return path
}

func (in *instance) postfix(_, port string) {
	in.postfixFiles(port)
	in.startPostfix()
}

// postfixFiles are its configuration.
func (in *instance) postfixFiles(port string) {
	in.fill("etc/main.cf", port, `compatibility_level = 3.6
queue_directory = ROOT/spool
data_directory = ROOT/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
alias_maps =
alias_database =
maillog_file = ROOT/maillog
maillog_file_prefixes = ROOT
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_chain_files = ROOT/mx.key ROOT/mx.pem
virtual_mailbox_domains = rcpt.test
virtual_mailbox_base = ROOT/mail
virtual_mailbox_maps = inline:{ {bob@rcpt.test=Maildir/} }
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
`)
	in.fill("etc/master.cf", port, `127.0.0.1:PORT inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`)
}

func (in *instance) startPostfix() {
	postfix := Need(in.t, "postfix")[0]
	in.give("postfix", "data")
	in.give("65534", "mail")
	etc := filepath.Join(in.root, "etc")
	if out, err := exec.Command(postfix, "-c", etc, "start").CombinedOutput(); err != nil {
		in.t.Fatalf("postfix: %v\n%s", err, out)
	}
	in.t.Cleanup(func() {
		exec.Command(postfix, "-c", etc, "stop").Run()
		if log, err := os.ReadFile(filepath.Join(in.root, "maillog")); err == nil && in.t.Failed() {
			in.t.Logf("%s", log)
		}
	})
}

func (in *instance) exim(_, port string) {
	const user = "Debian-exim"
	exim := unpacked(in.t, "exim4-daemon-light/usr/sbin/exim4")
	in.fill("exim.conf", port, strings.ReplaceAll(`exim_path = EXIM
primary_hostname = mx.test
spool_directory = ROOT/spool
log_file_path = ROOT/log/%slog
pid_file_path = ROOT/spool/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORT
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = ROOT/mx.pem
tls_privatekey = ROOT/mx.key
domainlist local_domains = rcpt.test
acl_smtp_rcpt = rcpt
keep_environment =
deliver_drop_privilege
begin acl
rcpt:
  accept domains = +local_domains
         local_parts = bob
  deny message = no such user
begin routers
here:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = ROOT/mail/Maildir
  create_directory
  maildir_format
  user = Debian-exim
  group = Debian-exim
`, "EXIM", exim))
	for _, name := range []string{"spool", "log", "mail", "mx.pem", "mx.key"} {
		in.give(user, name)
	}
	in.start(exim, "-C", filepath.Join(in.root, "exim.conf"), "-bdf", "-q30m")
	in.t.Cleanup(func() {
		if log, err := os.ReadFile(filepath.Join(in.root, "log/mainlog")); err == nil && in.t.Failed() {
			in.t.Logf("%s", log)
		}
	})
}

// opensmtpd knows where its folders are, and cannot be told otherwise: it gets
// them in a mount namespace of its own.
func (in *instance) opensmtpd(_, port string) {
	folder := unpacked(in.t, "opensmtpd")
	unshare := Need(in.t, "unshare")[0]
	in.give("opensmtpd", "data") // is there such a user?
	in.give("65534", "mail")
	in.fill("smtpd.conf", port, `pki mx.test cert "ROOT/mx.pem"
pki mx.test key "ROOT/mx.key"
table users { "bob" = "65534:65534:ROOT/mail" }
listen on 127.0.0.1 port PORT hostname mx.test tls pki mx.test
action "local" maildir "ROOT/mail/Maildir" userbase <users>
match from any for domain "rcpt.test" action "local"
`)
	in.write("start", `set -e
mkdir -p /usr/libexec/opensmtpd
for d in /var/spool /var/lib /run; do mount -t tmpfs tmpfs $d; done
mkdir -p /var/lib/opensmtpd/empty
mount --bind "$1/usr/libexec/opensmtpd" /usr/libexec/opensmtpd
exec "$1/usr/sbin/smtpd" -F -f "$2"
`)
	in.start(unshare, "-m", "sh", filepath.Join(in.root, "start"), folder, filepath.Join(in.root, "smtpd.conf"))
}
