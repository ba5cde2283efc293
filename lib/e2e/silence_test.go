package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"postern/lib/dnstest"
)

// TestSilence: servers that never answer hold a check up for as long as its
// limit says, and no longer. The resolver alone would wait for each of six
// twice, which is 24 seconds; the reason that is given names those that it still
// had the time for in its last round.
func TestSilence(t *testing.T) {
	t.Parallel()
	const servers = 6
	cut := func(text string) bool {
		n := strings.Count(text, "does not answer")
		return n > 0 && n < servers
	}
	for _, limit := range []struct{ name, line string }{
		{"by directive", "SPFTimeout 1s"},
		{"by default", ""},
	} {
		t.Run(limit.name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && limit.name != "by directive" {
				t.Skip("20 seconds of silence")
			}
			w := newWorld(t, "")
			w.dns.Fault(dnstest.All, dnstest.Silent)
			w.patient(servers)
			w.configure(limit.line, "RBL -s 100 list.test", "RBLTimeout 100ms")
			c, p := w.meet(stranger)
			c.hello()
			c.send("MAIL FROM:<joe@pass.test>\r\nRCPT TO:<ann@" + hostname + ">\r\nRSET\r\n")
			out, status := w.run("", program(t, "spf"), "-r", w.resolver, "-C", "etc/postern/smtpd.conf", stranger, "joe@pass.test")
			if status != 75 || !cut(out) {
				t.Errorf("spf: status %d, %s", status, out)
			}
			if out, status = w.run("", program(t, "rbl"), "-r", w.resolver, "-C", "etc/postern/smtpd.conf", stranger); status != 0 || !cut(out) {
				t.Errorf("rbl: status %d, %s", status, out)
			}
			c.expect("250 ")
			c.expect("451 4.4.3 SPF: ")
			c.expect("250 ")
			c.quit()
			d := p.lastDecision(t)
			if !cut(d.Value("spf_problem")) || !strings.HasPrefix(d.Value("rbl_errors"), "list.test (") {
				t.Errorf("the decision is %s", d.String())
			}
		})
	}
}

// TestSilentLists: all lists together have ten seconds, within which not even
// each server could be asked once.
func TestSilentLists(t *testing.T) {
	if testing.Short() {
		t.Skip("10 seconds of silence")
	}
	t.Parallel()
	w := newWorld(t, "7.2.0.192.list.test. A 127.0.0.2\n")
	w.patient(6)
	args := []string{"-b", "-s 60 list.test"}
	for i := range 20 {
		name := fmt.Sprintf("silent%d.test", i)
		w.dns.Fault("7.2.0.192."+name, dnstest.Silent)
		args = append(args, "-b", "-s 60 "+name)
	}
	out := w.filters(stranger+"\n", program(t, "rbl"), args...)
	n := strings.Count(out[0], "does not answer")
	if !strings.Contains(out[0], ` rbl="list.test (127.0.0.2)" rbl_errors="silent`) || !strings.HasSuffix(out[0], " rbl_score=60") || n >= 20*6 {
		t.Errorf("%d times not answered: %s", n, out[0])
	}
}

// TestSilenceForEveryCheck: each check that asks the DNS gives up in time, and
// then does what it does when the DNS fails. The resolver alone would wait for
// longer than a client does for the reply (RFC 5321 4.5.3.2).
func TestSilenceForEveryCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("15 seconds of silence")
	}
	t.Parallel()
	w := newWorld(t, "")
	w.dns.Fault(dnstest.All, dnstest.Silent)
	w.patient(80)
	mail, rcpt := "MAIL FROM:<joe@pass.test>\r\n", "RCPT TO:<"+ann+">\r\n"
	checks := []struct {
		conf, says string
		want       []string
	}{
		{"AllowDNSFail 0", "", []string{"421 4.4.3 "}},
		{"AllowDNSFail 1", "EHLO mx.client.org\r\n" + mail + rcpt, []string{"220 ", "250", "250 ", "451 4.4.3 "}},
		{"TrustedDomain pass.test", "EHLO mx.client.org\r\n" + mail + "RCPT TO:<x@other.test>\r\n", []string{"220 ", "250", "250 ", "451 4.4.3 "}},
		{"VerifySender 1", "EHLO mx.client.org\r\n" + mail + rcpt, []string{"220 ", "250", "250 ", "250 "}},
		{"MxLocalRcpt 1", "EHLO mx.client.org\r\n" + mail + "RCPT TO:<x@other.test>\r\n", []string{"220 ", "250", "250 ", "451 4.4.3 "}},
		{"HeloExists 1", "EHLO mx.client.org\r\n" + mail, []string{"220 ", "250", "250 "}},
	}
	var sessions []*talk
	for i, check := range checks { // all wait at once
		file := fmt.Sprintf("%d.conf", i)
		w.write(file, "Hostname "+hostname+"\nSPF 0\nResolver "+w.resolver+"\n"+check.conf+"\n")
		conn, _ := w.sessionOf(stranger, "-C", file)
		c := converse(t, conn)
		sessions = append(sessions, c)
		c.send(check.says)
	}
	for i, check := range checks {
		for _, want := range check.want {
			sessions[i].expect(want)
		}
	}
}

// TestLimitsOfChecks: no directive may make a check longer than 20 seconds
// (RFC 7208 4.6.4).
func TestLimitsOfChecks(t *testing.T) {
	for _, line := range []string{"SPFTimeout 21s", "SPFTimeout 0", "RBLTimeout 21s", "RBLTimeout 1h"} {
		in := newInstance(t, line)
		out, status := in.run("", program(t, "smtpd"), "--check")
		if status != 78 || !strings.Contains(out, "smtpd.conf:3: ") || !strings.Contains(out, "20s") {
			t.Errorf("%s: status %d\n%s", line, status, out)
		}
	}
}

// TestOverlap: what can be asked is asked as soon as it is known, and the
// dialogue goes on meanwhile. The server answers nothing until the recipient is
// named, so had anything waited for it, the answers that come then would come
// too late.
func TestOverlap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, honestZone)
	w.patient(6)
	w.configure("RBL -i -f -s 100 list.test", "RBLTimeout 20s")
	w.dns.Fault(dnstest.All, dnstest.Silent)
	asked := func(questions ...string) func() bool {
		return func() bool {
			return !slices.ContainsFunc(questions, func(q string) bool { return !slices.Contains(w.dns.Asked(), q) })
		}
	}
	c, p := w.meet(stranger)
	await(t, "the client to be asked about before it says anything", asked("7.2.0.192.in-addr.arpa PTR", "7.2.0.192.list.test A"))
	c.ask("EHLO out.pass.test", "250-")
	if asked("pass.test TXT")() {
		t.Error("a sender is asked about that nobody has named")
	}
	c.ask("MAIL FROM:<joe@pass.test>", "250 ")
	await(t, "the sender to be asked about before a recipient is named", asked("pass.test TXT", "pass.test.list.test A"))
	w.dns.Fault(dnstest.All, dnstest.None)
	c.ask("RCPT TO:<ann@"+hostname+">", "250 ")
	c.ask("RSET", "250 ")
	c.quit()
	if d := p.lastDecision(t); d.Value("spf") != "pass" || d.Value("rbl_errors") != "" || d.Value("rbl_score") != "0" {
		t.Errorf("the decision is %s", d.String())
	}
}

// TestSilenceDisturbsNobody: while sessions of one process wait for servers that
// say nothing, others go on; and when those answer at last, they do too.
func TestSilenceDisturbsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, honestZone+"slow.test. TXT \"v=spf1 +all\"\n")
	w.patient(6)
	w.configure("ClientName 0", "MaxConPerIP 20")
	w.dns.Fault("slow.test", dnstest.Silent)
	addr := FreePort(t)
	w.start(program(t, "listen"), "-m", "20", "-w", "1:0:20", "--proxy", "127.0.0.0/8", addr)
	accepts(t, addr)
	begin := func(sender string) *talk {
		c := strangerAt(t, addr)
		c.hello()
		c.ask("MAIL FROM:<"+sender+">", "250 ")
		c.send("RCPT TO:<" + ann + ">\r\n")
		return c
	}
	var waiting []*talk
	for range 8 {
		waiting = append(waiting, begin("joe@slow.test"))
	}
	for range 8 {
		c := begin("joe@pass.test")
		c.expect("250 ")
		c.quit()
	}
	w.dns.Fault("slow.test", dnstest.None)
	for _, c := range waiting {
		c.expect("250 ")
		c.quit()
	}
}
