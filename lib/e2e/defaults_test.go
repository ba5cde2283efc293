package e2e

import (
	"cmp"
	"os"
	"strings"
	"testing"

	"postern/lib/record"
)

// mailZone is what DNS knows of clients, senders and recipients.
const mailZone = honestZone + `
fail.test.    TXT "v=spf1 -all"
soft.test.    TXT "v=spf1 ~all"
neutral.test. TXT "v=spf1 ?all"
perm.test.    TXT "v=spf1 no-such-mechanism -all"
none.test.    A   192.0.2.1
sub.none.test. A  192.0.2.1
null.test.    MX  0 .
;! servfail temp.test
;! servfail 10.2.0.192.in-addr.arpa
7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.test. A 127.0.0.2
8.2.0.192.in-addr.arpa.  PTR out.trusted.test.
9.2.0.192.in-addr.arpa.  PTR out.trusted.test.
out.trusted.test.        A   192.0.2.9
12.2.0.192.in-addr.arpa. PTR untrusted.test.
untrusted.test.          A   192.0.2.12
13.2.0.192.in-addr.arpa. PTR a\\013\\010b.odd.test.
13.2.0.192.in-addr.arpa. PTR a\\\\.b.odd.test.
13.2.0.192.in-addr.arpa. PTR a\\000.odd.test.
*.odd.test.              A   192.0.2.13
7.2.0.192.list.test.     A   127.0.0.2
7.2.0.192.list.test.     TXT "sends spam"
7.2.0.192.white.test.    A   127.0.0.3
7.2.0.192.code.test.     A   127.0.0.9
7.2.0.192.quota.test.    A   127.255.255.254
7.2.0.192.wild.test.     A   198.51.100.1
out.pass.test.names.test. A  127.0.0.2
none.test.senders.test.  A   127.0.0.2
;! servfail broken.test
backup.test.  MX 10 best.test.
backup.test.  MX 20 mx.test.
ours.test.    MX 10 mx.test.
other.test.   MX 10 best.test.
vague.test.   MX 10 temp.test.
best.test.    A  192.0.2.99
`

// Clients, by their names: none that the DNS has, none that it has now, one that
// it does not confirm, and so on.
const (
	nameless   = "192.0.2.11"
	unnamed    = "192.0.2.10"
	pretender  = "192.0.2.8"
	friend     = "192.0.2.9"
	namesake   = "192.0.2.12"
	oddity     = "192.0.2.13"
	ann        = "ann@" + hostname
	postmaster = "postmaster@" + hostname
)

// waits makes smtpd wait for the client's name, so that the record has it.
const waits = "TrustedDomain nobody.test"

// mails are what becomes of mail: the reply to RCPT, or to the connection when
// it is one that turns the client away, and what the decision record says.
var mails = []struct {
	name, conf       string // lines of smtpd.conf
	client, from, to string // stranger, joe@pass.test, ann unless said
	reply, check     string
	record           string // attributes, * for any value
}{
	// Nothing is configured.
	{name: "SPF of the usual file", from: "joe@usual.test", reply: "550 5.7.23 SPF: 192.0.2.7 may not send mail from usual.test, by spfhosts (", check: "spf", record: "spf=fail spf_record=none spf_mechanism=-all"},
	{name: "SPF pass", reply: "250 ", record: "spf=pass spf_record=pass spf_domain=pass.test spf_mechanism=ip4:192.0.2.7"},
	{name: "SPF fail", from: "joe@fail.test", reply: "550 5.7.23 SPF: 192.0.2.7 may not send mail from fail.test (", check: "spf", record: "verdict=reject spf=fail spf_mechanism=-all sender=joe@fail.test"},
	{name: "SPF of HELO", from: "<>", reply: "250 ", record: "spf=none spf_identity=helo sender="},
	{name: "SPF temperror", from: "joe@temp.test", reply: "451 4.4.3 SPF: ", check: "spf", record: "verdict=defer spf=temperror spf_problem=*"},
	{name: "SPF permerror", from: "joe@perm.test", reply: "250 ", record: "spf=permerror spf_problem=*"},
	{name: "SPF softfail", from: "joe@soft.test", reply: "250 ", record: "spf=softfail"},
	{name: "SPF neutral", from: "joe@neutral.test", reply: "250 ", record: "spf=neutral"},
	{name: "SPF none", from: "joe@none.test", reply: "250 ", record: "spf=none"},
	{name: "no such domain", from: "joe@nowhere.test", reply: "250 ", record: "spf=none"},
	{name: "a domain without mail", from: "joe@null.test", reply: "250 ", record: "spf=none"},
	{name: "no name", client: nameless, from: "joe@none.test", reply: "250 "},
	{name: "no name now", client: unnamed, from: "joe@none.test", reply: "250 "},
	{name: "relaying", to: "x@other.test", reply: "550 5.7.1 ", check: "recipient"},
	{name: "relaying to a backup", to: "x@backup.test", reply: "550 5.7.1 ", check: "recipient"},

	{name: "SPF 0", conf: "SPF 0", from: "joe@fail.test", reply: "250 "},
	{name: "SPF 1", conf: "SPF 1", from: "joe@fail.test", reply: "250 ", record: "spf=fail"},
	{name: "SPF 1, temperror", conf: "SPF 1", from: "joe@temp.test", reply: "250 ", record: "spf=temperror"},
	{name: "SPFlocal", conf: "SPFlocal -ip4:192.0.2.7", reply: "550 5.7.23 ", check: "spf", record: "spf=fail"},
	{name: "SPFlocal, not final", conf: "SPFlocal ?all", reply: "250 ", record: "spf=pass"},
	{name: "SPFnone", conf: "SPFnone -all", from: "joe@none.test", reply: "550 5.7.23 ", check: "spf", record: "spf=fail spf_record=none"},
	{name: "SPFHostsFile", conf: "SPFnone +all\nSPFHostsFile hosts", from: "joe@none.test", reply: "250 ", record: "spf=pass spf_record=none"},
	{name: "SPFHostsFile, suffix", conf: "SPFnone +all\nSPFHostsFile hosts", from: "joe@sub.none.test", reply: "550 5.7.23 ", check: "spf", record: "spf=fail spf_record=none"},
	{name: "SPFfail", conf: "SPFfail ip4:192.0.2.7", from: "joe@fail.test", reply: "250 ", record: "spf=pass spf_record=fail"},
	{name: "SPFfail, no second chance", conf: "SPFfail ip4:192.0.2.99 ?all", from: "joe@fail.test", reply: "550 5.7.23 ", check: "spf", record: "spf=fail"},
	{name: "SPFexp", conf: "SPFexp see %{R} about %{S}", from: "joe@fail.test", reply: "550 5.7.23 SPF: 192.0.2.7 may not send mail from fail.test: see mx.test about joe%40fail.test (", check: "spf", record: "spf_explanation=*"},

	{name: "RBL", conf: "RBL -s 100 list.test", reply: "550 5.7.1 RBL: 192.0.2.7 is listed by list.test: sends spam (", check: "rbl", record: "verdict=reject rbl=list.test(127.0.0.2) rbl_score=100 rbl_reason=*"},
	{name: "RBL, IPv6", conf: "RBL -s 100 list.test", client: "2001:db8::7", reply: "550 5.7.1 RBL: 2001:db8::7 is listed by list.test (", check: "rbl", record: "client_address=2001:db8::7"},
	{name: "SPF, IPv6", client: "2001:db8::7", reply: "250 ", record: "spf=pass spf_mechanism=ip6:2001:db8::/64"},
	{name: "SPF fail, IPv6", client: "2001:db8:1::7", reply: "550 5.7.23 ", check: "spf", record: "spf=fail"},
	{name: "RBL, too few", conf: "RBL -s 99 list.test", reply: "250 ", record: "rbl=list.test(127.0.0.2) rbl_score=99"},
	{name: "RBL, added", conf: "RBL -s 60 list.test\nRBL -p -s 40 names.test", reply: "550 5.7.1 ", check: "rbl", record: "rbl_score=100"},
	{name: "RBL, sender", conf: "RBL -f -s 100 senders.test", from: "joe@none.test", reply: "550 5.7.1 ", check: "rbl", record: "rbl=senders.test(127.0.0.2)"},
	{name: "RBL, taken off", conf: "RBL -s 120 list.test\nRBL -s -30 white.test", reply: "250 ", record: "rbl_score=90"},
	{name: "RBL, another code", conf: "RBL -s 100 code.test=127.0.0.[2..8]", reply: "250 ", record: "rbl_score=0"},
	{name: "RBL, over quota", conf: "RBL -s 100 quota.test", reply: "250 ", record: "rbl_errors=* rbl_score=0"},
	{name: "RBL, all the world", conf: "RBL -s 100 wild.test", reply: "250 ", record: "rbl_score=0"},
	{name: "RBL, cannot be asked", conf: "RBL -s 100 broken.test", reply: "250 ", record: "rbl_errors=* rbl_score=0"},

	{name: "AllowDNSFail 0", conf: "AllowDNSFail 0", client: unnamed, reply: "421 4.4.3 ", check: "client-name", record: "verdict=defer client_dns_error=*"},
	{name: "AllowDNSFail 0, no name", conf: "AllowDNSFail 0", client: nameless, from: "joe@none.test", reply: "250 "},
	{name: "AllowDNSFail 1", conf: "AllowDNSFail 1", client: unnamed, from: "joe@none.test", reply: "451 4.4.3 ", check: "client-name", record: "client_dns_error=*"},
	{name: "AllowDNSFail 1, no name", conf: "AllowDNSFail 1", client: nameless, from: "joe@none.test", reply: "250 "},
	{name: "AllowDNSFail 2", conf: "AllowDNSFail 2\n" + waits, client: unnamed, from: "joe@none.test", reply: "250 ", record: "client_name=unknown client_dns_error=*"},
	{name: "a name", conf: waits, reply: "250 ", record: "client_name=out.pass.test reverse_client_name=out.pass.test"},
	{name: "no name at all", conf: waits, client: nameless, reply: "250 ", from: "joe@none.test", record: "client_name=unknown reverse_client_name=unknown"},
	{name: "a name of odd octets", conf: waits, client: oddity, from: "joe@none.test", reply: "250 ", record: "client_name=unknown reverse_client_name=unknown"},

	{name: "TrustedNet", conf: "TrustedNet 192.0.2.0/29", from: "joe@fail.test", to: "x@other.test", reply: "250 "},
	{name: "TrustedDomain", conf: "TrustedDomain trusted.test", client: friend, from: "joe@fail.test", to: "x@other.test", reply: "250 ", record: "client_name=out.trusted.test"},
	{name: "TrustedDomain, forged", conf: "TrustedDomain trusted.test", client: pretender, to: "x@other.test", reply: "550 5.7.1 ", check: "recipient", record: "client_name=unknown reverse_client_name=out.trusted.test"},
	{name: "TrustedDomain, not below it", conf: "TrustedDomain trusted.test", client: namesake, to: "x@other.test", reply: "550 5.7.1 ", check: "recipient", record: "client_name=untrusted.test"},
	{name: "TrustedDomain, no name now", conf: "TrustedDomain trusted.test", client: unnamed, to: "x@other.test", reply: "451 4.4.3 ", check: "recipient"},

	{name: "NoCheck", conf: "NoCheck postmaster", from: "joe@fail.test", to: postmaster, reply: "250 ", record: "spf=fail"},
	{name: "NoCheck, somebody else", conf: "NoCheck postmaster", from: "joe@fail.test", reply: "550 5.7.23 ", check: "spf"},
	{name: "NoCheck of another host", conf: "NoCheck ann@other.test", from: "joe@fail.test", reply: "550 5.7.23 ", check: "spf"},
	{name: "NoCheck is no relay", conf: "NoCheck x", to: "x@other.test", reply: "550 5.7.1 ", check: "recipient"},
	{name: "NoCheck and RBL", conf: "NoCheck ann@mx.test\nRBL -s 100 list.test", reply: "250 ", record: "rbl=list.test(127.0.0.2) rbl_score=100"},
	{name: "NoCheck and AllowDNSFail", conf: "NoCheck ann\nAllowDNSFail 1", client: unnamed, from: "joe@none.test", reply: "250 "},

	{name: "MxLocalRcpt", conf: "MxLocalRcpt 1", to: "x@backup.test", reply: "250 "},
	{name: "MxLocalRcpt, the best", conf: "MxLocalRcpt 1", to: "x@ours.test", reply: "550 5.7.1 ", check: "recipient"},
	{name: "MxLocalRcpt, others", conf: "MxLocalRcpt 1", to: "x@other.test", reply: "550 5.7.1 ", check: "recipient"},
	{name: "MxLocalRcpt, not now", conf: "MxLocalRcpt 1", to: "x@vague.test", reply: "451 4.4.3 ", check: "recipient"},
}

// TestWhatBecomesOfMail shows on the wire what defaults and directives make of
// mail, and in the log why; and that without the DNS the same becomes of it, from
// the answers that were kept with the record.
func TestWhatBecomesOfMail(t *testing.T) {
	w := newWorld(t, mailZone)
	w.write("etc/postern/hosts", "none.test: +all\n.none.test: -all\n")
	w.write("etc/postern/spfhosts", "usual.test: -all\n")
	w.mkdir("var/lib/postern/dns")
	for _, m := range mails {
		t.Run(m.name, func(t *testing.T) {
			w.configure(strings.Split("EtcDir etc/postern\nDNSRecord dns\n"+m.conf, "\n")...)
			client, from, to := cmp.Or(m.client, stranger), strings.Trim(cmp.Or(m.from, "joe@pass.test"), "<>"), cmp.Or(m.to, ann)
			got, p := w.replyTo(client, from, to)
			checkDecision(t, got, m.reply, m.check, m.record, p)
			decision := p.lastDecision(t)
			kept := decision.Value("dns_record")
			if _, err := os.Stat(kept); err != nil { // nothing was asked
				kept = os.DevNull
			}
			got, p = w.replyTo(client, from, to, "-z", kept)
			checkDecision(t, got, m.reply, m.check, m.record, p)
		})
	}
}

// replyTo has a client begin a mail with a smtpd that has these options, and
// answers the reply to RCPT, or to the connection when it is turned away.
func (w *world) replyTo(client, from, to string, options ...string) (string, *process) {
	w.t.Helper()
	conn, p := w.sessionOf(client, options...)
	c := converse(w.t, conn)
	got := c.take()
	if strings.HasPrefix(got, "220 ") {
		c.hello()
		got = c.sends(from, to)
		c.quit()
	}
	return got, p
}

// checkDecision compares a reply, and the record of it, with what is wanted.
func checkDecision(t *testing.T, reply, want, check, attributes string, p *process) {
	t.Helper()
	d := p.lastDecision(t)
	if !strings.HasPrefix(reply, want) || d.Value("check") != check {
		t.Errorf("reply %q, want %q by %q; the record is %s", reply, want, check, d.String())
	}
	if check != "" && (!strings.HasSuffix(reply, "("+d.Value("id")+")\r\n") || d.Value("reply")+"\r\n" != reply) {
		t.Errorf("reply %q, and the record %s", reply, d.String())
	}
	for word := range strings.FieldsSeq(attributes) {
		name, value, _ := strings.Cut(word, "=")
		got, ok := lookUpPlain(d, name)
		if !ok || got != value && (value != "*" || got == "") {
			t.Errorf("want %s in the record %s", word, d.String())
		}
	}
}

// lookUpPlain is an attribute without its blanks.
func lookUpPlain(r record.Record, name string) (string, bool) {
	value, ok := r.Lookup(name)
	return strings.ReplaceAll(value, " ", ""), ok
}

// TestSenderDomains: with VerifySender mail is refused at MAIL that could not be
// answered; trouble with the DNS is no reason to.
func TestSenderDomains(t *testing.T) {
	for _, s := range []struct{ conf, from, mail, rcpt string }{
		{"SPF 0", "joe@nowhere.test", "250 ", "250 "},
		{"SPF 0\nVerifySender 1", "joe@pass.test", "250 ", "250 "},
		{"SPF 0\nVerifySender 1", "joe@none.test", "250 ", "250 "}, // an address will do
		{"SPF 0\nVerifySender 1", "joe@temp.test", "250 ", "250 "},
		{"SPF 0\nVerifySender 1", "", "250 ", "250 "},
		{"SPF 0\nVerifySender 1", "joe@nowhere.test", "550 5.1.8 ", ""},
		{"SPF 0\nVerifySender 1", "joe@null.test", "550 5.7.27 ", ""},
		{"SPF 0\nVerifySender 1\nNoCheck bob", "joe@null.test", "250 ", "550 5.7.27 "},
		{"SPF 0\nVerifySender 1\nNoCheck ann", "joe@null.test", "250 ", "250 "},
	} {
		t.Run(s.conf+s.from, func(t *testing.T) {
			c, p := newWorld(t, mailZone, strings.Split(s.conf, "\n")...).meet(stranger)
			c.hello()
			reply := c.ask("MAIL FROM:<"+s.from+">", s.mail)
			if s.rcpt != "" {
				reply = c.ask("RCPT TO:<"+ann+">", s.rcpt)
			}
			c.quit()
			if strings.HasPrefix(reply, "5") {
				checkDecision(t, reply, cmp.Or(s.rcpt, s.mail), "sender-domain", "verdict=reject reason=*", p)
			}
		})
	}
}
