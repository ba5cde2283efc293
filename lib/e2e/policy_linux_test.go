package e2e

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"postern/lib/dnstest"
)

// policyZone is what the servers know of the world.
const policyZone = `
pass.test.     IN TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"
fail.test.     IN TXT "v=spf1 -all exp=why.test"
why.test.      IN TXT "%{i} may not send as %{s}"
soft.test.     IN TXT "v=spf1 ~all"
neutral.test.  IN TXT "v=spf1 ?all"
none.test.     IN TXT "no policy"
perm.test.     IN TXT "v=spf1 no-such-mechanism -all"
two.test.      IN TXT "v=spf1 -all"
two.test.      IN TXT "v=spf1 +all"
include.test.  IN TXT "v=spf1 include:pass.test -all"
;! servfail temp.test
2.0.0.127.rbl.test. IN A 127.0.0.2
9.2.0.192.rbl.test. IN A 127.0.0.2
9.2.0.192.rbl.test. IN TXT "192.0.2.9 sends what nobody wants"
`

// policy is a policy server of ours, and one of Debian's that must say the same
// of every client in the table.
type policy struct {
	name   string
	ours   string // command line, the program's name first; ROOT is the host's folder
	theirs func(*policyHost) (service string)
	rows   []policyRow
	again  []policyRow // those that are let through, sooner or later
}

// policyRow is one client of Postfix and the beginning of the answer that its
// recipient gets. Where Debian's server answers otherwise, peer says how.
type policyRow struct {
	addr, helo, sender string
	want, peer         string
}

var policies = []policy{
	{"spf", "spf -P", (*policyHost).spfPython, []policyRow{
		{"192.0.2.1", "mx.pass.test", "a@pass.test", "250 ", ""},
		{"198.51.100.1", "mx.pass.test", "a@pass.test", "550 5.7.23 ", ""},
		{"IPV6:2001:db8::1", "mx.pass.test", "a@pass.test", "250 ", ""},
		{"IPV6:2001:db9::1", "mx.pass.test", "a@pass.test", "550 5.7.23 ", ""},
		{"192.0.2.1", "mx.fail.test", "a@fail.test", "550 5.7.23 ", ""},
		{"192.0.2.1", "mx.soft.test", "a@soft.test", "250 ", ""},
		{"192.0.2.1", "mx.neutral.test", "a@neutral.test", "250 ", ""},
		{"192.0.2.1", "mx.none.test", "a@none.test", "250 ", ""},
		{"192.0.2.1", "mx.nowhere.test", "a@nowhere.test", "250 ", ""},
		{"192.0.2.1", "mx.perm.test", "a@perm.test", "250 ", ""},
		{"192.0.2.1", "mx.two.test", "a@two.test", "250 ", ""},
		{"192.0.2.1", "mx.temp.test", "a@temp.test", "45", "250 "}, // it takes SERVFAIL for no record
		{"192.0.2.1", "mx.include.test", "a@include.test", "250 ", ""},
		{"198.51.100.1", "mx.include.test", "a@include.test", "550 5.7.23 ", ""},
		{"192.0.2.1", "pass.test", "", "250 ", ""},
		{"198.51.100.1", "pass.test", "", "550 5.7.23 ", ""},
	}, nil},
	{"rbl", "rbl -P -b rbl.test", nil, []policyRow{
		{"192.0.2.9", "mx.none.test", "a@none.test", "550 5.7.1 ", ""},
		{"192.0.2.8", "mx.none.test", "a@none.test", "250 ", ""},
	}, nil},
	{"greylist", "greylist -P --key net --delay 2 --dir ROOT/grey", (*policyHost).postgrey, []policyRow{
		{"192.0.2.1", "mx.none.test", "a@none.test", "450 4.7.1 ", "450 4.2.0 "},
		{"192.0.2.1", "mx.none.test", "a@none.test", "450 4.7.1 ", "450 4.2.0 "},
		{"198.51.100.1", "mx.none.test", "", "450 4.7.1 ", "450 4.2.0 "},
		{"IPV6:2001:db8::1", "mx.none.test", "a@none.test", "450 4.7.1 ", "450 4.2.0 "},
	}, []policyRow{
		{"192.0.2.1", "mx.none.test", "a@none.test", "250 ", ""},
		{"192.0.2.77", "mx.none.test", "a@none.test", "250 ", ""}, // a neighbour
		{"198.51.100.1", "mx.none.test", "", "250 ", ""},
		{"IPV6:2001:db8::1", "mx.none.test", "a@none.test", "250 ", ""},
	}},
	{"netpath", "netpath -P -s ROOT/paths", nil, []policyRow{
		{"127.0.0.1", "mx.none.test", "a@none.test", "250 ", ""},
	}, nil},
	{"synfp", "synfp -P --socket ROOT/synfp", nil, []policyRow{
		{"127.0.0.1", "mx.none.test", "a@none.test", "250 ", ""},
	}, nil},
	{"no collector can be asked", "synfp -P", nil, []policyRow{
		{"192.0.2.9", "mx.none.test", "a@none.test", "250 ", ""},
	}, nil},
	{"no list can be asked", "rbl -P -b temp.test", nil, []policyRow{
		{"192.0.2.9", "mx.none.test", "a@none.test", "250 ", ""},
	}, nil},
	{"broken configuration", "rbl -P -C /nonexistent", nil, []policyRow{
		{"192.0.2.9", "mx.none.test", "a@none.test", "250 ", ""},
	}, nil},
}

// A real Postfix asks our tools as it asks Debian's policy servers, through
// spawn(8), and answers its clients alike. It has a network of its own, and a
// DNS for all.
func TestPolicyOfPostfix(t *testing.T) {
	if dir := Inside(); dir != "" {
		policyInside(t, dir)
		return
	}
	NeedRoot(t)
	Need(t, "postfix", "ip", "policyd-spf")
	program(t, "spf")
	RunInside(t, syscall.CLONE_NEWNET|syscall.CLONE_NEWNS, bin)
}

// policyInside is the test within its namespaces.
func policyInside(t *testing.T, programs string) {
	h := &policyHost{t: t, programs: programs, root: rootFor(t)}
	h.ownNetwork()
	dnstest.StartOn(t, "127.0.0.1:53", policyZone)
	h.run("install", "-d", "-o", "nobody", h.root+"/paths")
	h.startCollector()
	h.startPostfix()
	for i := range policies {
		p := &policies[i]
		t.Run(p.name, func(t *testing.T) {
			for _, row := range p.rows {
				h.compare(t, p, row)
			}
			for _, row := range p.again {
				await(t, "both to let "+row.addr+" through", func() bool { return h.agree(t, p, row) })
			}
		})
	}
	for name, field := range map[string]string{"spf": "Received-SPF: pass (", "netpath": "X-Avenger: version=", "synfp": "X-Avenger: version="} {
		t.Run("header of "+name, func(t *testing.T) { h.header(t, name, field) })
	}
	t.Run("a crowd for greylist and postgrey", h.greyCrowd)
}

// policyHost is a host with Postfix and policy servers.
type policyHost struct {
	t        *testing.T
	programs string // folder of ours
	root     string
}

// rootFor makes a folder that every user can pass through.
func rootFor(t *testing.T) string {
	root, err := os.MkdirTemp("", "postern-policy-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// ownNetwork brings loopback up and makes the resolver of the C library ask
// there.
func (h *policyHost) ownNetwork() {
	h.run("ip", "link", "set", "lo", "up")
	resolv := h.write("resolv.conf", "nameserver 127.0.0.1\n")
	if err := syscall.Mount(resolv, "/etc/resolv.conf", "", syscall.MS_BIND, ""); err != nil {
		h.t.Fatal(err)
	}
}

func (h *policyHost) run(name string, args ...string) string {
	h.t.Helper()
	out, err := exec.Command(Need(h.t, name)[0], args...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (h *policyHost) write(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// policyMainCf has no in_flow_delay: sessions that end before DATA would each
// cost the next one that second.
const policyMainCf = `compatibility_level = 3.6
queue_directory = %[1]s/spool
data_directory = %[1]s/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = all
mynetworks =
alias_maps =
alias_database =
maillog_file = %[1]s/maillog
maillog_file_prefixes = %[1]s
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = none
smtpd_soft_error_limit = 100000
smtpd_hard_error_limit = 100000
smtpd_error_sleep_time = 0
in_flow_delay = 0
virtual_mailbox_domains = rcpt.test
virtual_mailbox_base = %[1]s/mail
virtual_mailbox_maps = static:Maildir/
virtual_uid_maps = static:%[2]s
virtual_gid_maps = static:%[2]s
virtual_minimum_uid = 1
`

// startPostfix starts Postfix with a port for each policy server.
func (h *policyHost) startPostfix() {
	nobody := strings.TrimSpace(h.run("id", "-u", "nobody"))
	h.write("etc/main.cf", fmt.Sprintf(policyMainCf, h.root, nobody))
	h.write("etc/master.cf", h.master())
	h.run("install", "-d", "-o", "postfix", h.root+"/data")
	h.run("install", "-d", "-o", nobody, h.root+"/mail")
	h.run("install", "-d", h.root+"/spool")
	h.run("postfix", "-c", h.root+"/etc", "start")
	h.t.Cleanup(func() {
		h.run("postfix", "-c", h.root+"/etc", "stop")
		if log, err := os.ReadFile(h.root + "/maillog"); err == nil && h.t.Failed() {
			h.t.Logf("%s", log)
		}
	})
}

// master is a master.cf in which only what is needed runs, none of it chrooted.
func (h *policyHost) master() string {
	var b strings.Builder
	for _, line := range []string{
		"cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "rewrite unix - - n - - trivial-rewrite",
		"bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
		"proxymap unix - - n - - proxymap", "virtual unix - n n - - virtual", "error unix - - n - - error",
		"retry unix - - n - - error", "anvil unix - - n - 1 anvil", "postlog unix-dgram n - n - 1 postlogd",
	} {
		b.WriteString(line + "\n")
	}
	for i := range policies {
		p := &policies[i]
		h.service(&b, p.port(0), fmt.Sprintf("unix:private/ours%d", p.port(0)))
		fmt.Fprintf(&b, "ours%d unix - n n - 0 spawn user=nobody argv=%s/%s\n", p.port(0), h.programs, strings.ReplaceAll(p.ours, "ROOT", h.root))
		if p.theirs != nil {
			h.service(&b, p.port(1), p.theirs(h))
		}
	}
	fmt.Fprintf(&b, "policyd-spf unix - n n - 0 spawn user=nobody argv=%s %s/policyd-spf.conf\n", Need(h.t, "policyd-spf")[0], h.root)
	return b.String()
}

// service is an SMTP server that asks a policy server about each recipient.
func (h *policyHost) service(b *strings.Builder, port int, policy string) {
	fmt.Fprintf(b, "127.0.0.1:%d inet n - n - - smtpd -o { smtpd_recipient_restrictions = check_policy_service %s }\n", port, policy)
}

// port is where the SMTP server listens that asks ours, or theirs with which 1.
func (p *policy) port(which int) int {
	for i := range policies {
		if p == &policies[i] {
			return 2500 + 10*i + which
		}
	}
	return 0
}

// spfPython is Debian's policy server for SPF.
func (h *policyHost) spfPython() string {
	h.write("policyd-spf.conf", "TestOnly = 1\nHELO_reject = Null\nMail_From_reject = Fail\nPermError_reject = False\n"+
		"TempError_Defer = True\nskip_addresses = 127.0.0.0/8\n")
	return "unix:private/policyd-spf"
}

// postgrey is Debian's policy server for greylisting, which like ours knows a
// client from its first success on. Ours has a folder to write in.
func (h *policyHost) postgrey() string {
	h.run("install", "-d", "-o", "nobody", h.root+"/grey")
	h.run("install", "-d", "-o", "postgrey", h.root+"/postgrey")
	cmd := exec.Command(Need(h.t, "postgrey")[0], "--inet=127.0.0.1:10023", "--dbdir="+h.root+"/postgrey", "--pidfile="+h.root+"/postgrey/pid",
		"--user=postgrey", "--group=nogroup", "--delay=2", "--auto-whitelist-clients=1")
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	await(h.t, "postgrey", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:10023")
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return "inet:127.0.0.1:10023"
}

// agree says whether both Postfixes say what the row wants.
func (h *policyHost) agree(t *testing.T, p *policy, row policyRow) bool {
	t.Helper()
	all := true
	for i := range 2 {
		c := h.dial(t, p.port(i), row)
		all = strings.HasPrefix(c.say("RCPT TO:<someone@rcpt.test>"), row.want) && all
		c.say("QUIT")
	}
	return all
}

// compare asks both Postfixes about one client.
func (h *policyHost) compare(t *testing.T, p *policy, row policyRow) {
	t.Helper()
	servers := []struct{ name, want string }{{"ours", row.want}}
	if p.theirs != nil {
		servers = append(servers, struct{ name, want string }{"theirs", cmp.Or(row.peer, row.want)})
	}
	for i, s := range servers {
		c := h.dial(t, p.port(i), row)
		if got := c.say("RCPT TO:<someone@rcpt.test>"); !strings.HasPrefix(got, s.want) {
			t.Errorf("%s, %v: %q, want %q", s.name, row, got, s.want)
		}
		c.say("QUIT")
	}
}

// dial begins a session in the name of the row's client, up to its sender.
func (h *policyHost) dial(t *testing.T, port int, row policyRow) *talk {
	t.Helper()
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), patience)
	if err != nil {
		t.Fatal(err)
	}
	c := converse(t, conn)
	c.expect("220 ")
	for _, line := range []string{
		"EHLO " + row.helo, "XCLIENT NAME=[UNAVAILABLE] ADDR=" + row.addr, "EHLO " + row.helo, "MAIL FROM:<" + row.sender + ">",
	} {
		c.ask(line, "2")
	}
	return c
}

// header sends a message with two recipients to who asks a policy server, and
// finds its field in it once.
func (h *policyHost) header(t *testing.T, name, field string) {
	p := &policies[slices.IndexFunc(policies, func(p policy) bool { return p.name == name })]
	c := h.dial(t, p.port(0), p.rows[0])
	c.ask("RCPT TO:<one@rcpt.test>", "250")
	c.ask("RCPT TO:<two@rcpt.test>", "250")
	c.ask("DATA", "354")
	c.ask("Subject: test\r\n\r\nhello\r\n.", "250")
	c.quit()
	var files []string
	await(t, "two messages", func() bool {
		files, _ = filepath.Glob(h.root + "/mail/Maildir/new/*")
		return len(files) == 2
	})
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"+field); n != 1 {
		t.Errorf("%s stands there %d times, want once:\n%s", field, n, text)
	}
	for _, file := range files {
		os.Remove(file)
	}
}
