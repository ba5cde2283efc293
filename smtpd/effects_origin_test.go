package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/dnstest"
)

// What DNS knows in these tests.
const (
	spfFails = "client.example. TXT \"v=spf1 -all\"\n"
	spfPass  = "client.example. TXT \"v=spf1 ip4:192.0.2.7 -all\"\n"
	onList   = "7.2.0.192.bl.example. A 127.0.0.2\n7.2.0.192.bl.example. TXT \"sends spam\"\n"
)

// bobHears is a recipient who gets a reply.
func bobHears(reply string) string { return "C: RCPT TO:<bob@mx.test>\nS: " + reply + "\n" }

// originEffects are those of finding out where mail comes from.
func originEffects() []effect {
	return []effect{
		{directive: "SPF", lines: []string{"SPF 2"}, zone: spfFails,
			talk: hi + fromA + bobHears("550 5.7.23 SPF: 192.0.2.7 may not send mail from client.example (*)") + bye},
		{directive: "SPFlocal", lines: []string{"SPF 2", "SPFlocal -ip4:192.0.2.0/24"}, zone: spfPass,
			talk: hi + fromA + bobHears("550 5.7.23 *") + bye},
		{directive: "SPFnone", lines: []string{"SPF 2", "SPFnone ip4:192.0.2.0/24 -all"}, zone: clientZone,
			talk: hi + wholeMail + bye, mail: "Received-SPF: pass "},
		{directive: "SPFfail", lines: []string{"SPF 2", "SPFfail ip4:192.0.2.7"}, zone: spfFails,
			talk: hi + wholeMail + bye, mail: "Received-SPF: pass ", log: " spf=pass spf_record=fail "},
		{directive: "SPFexp", lines: []string{"SPF 2", "SPFexp ask %{r} about %{s}"}, zone: spfFails,
			talk: hi + fromA + bobHears("550 5.7.23 *: ask mx.test about a@client.example (*)") + bye},
		{directive: "SPFHostsFile", lines: []string{"SPF 2", "SPFHostsFile $T/hosts"}, zone: clientZone,
			files: map[string]string{"hosts": "client.example: ip4:192.0.2.9 -all\n"},
			talk:  hi + fromA + bobHears("550 5.7.23 *") + bye},
		{directive: "RBL", lines: []string{"RBL -s 60 bl.example=127.0.0.[2..3]", "RBL -p -s 40 names.example"}, zone: onList + clientZone + "mx.client.example.names.example. A 127.0.0.9\n",
			talk: hi + fromA + bobHears("550 5.7.1 RBL: 192.0.2.7 is listed by bl.example; mx.client.example is listed by names.example: sends spam (*)") + bye,
			log:  `rbl="bl.example (127.0.0.2), names.example (127.0.0.9)" rbl_reason="sends spam" rbl_score=100`},
		{directive: "SPFTimeout", lines: []string{"SPF 2", "SPFTimeout 1ms"}, before: dnsIsSilent,
			talk: hi + fromA + bobHears("451 4.4.3 SPF: *") + bye, log: "spf=temperror"},
		{directive: "RBLTimeout", lines: []string{"RBL -s 100 bl.example", "RBLTimeout 100ms"}, before: dnsIsSilent,
			talk: hi + wholeMail + bye, log: `rbl_errors="bl.example (`, mail: "RBL-errors=bl.example ("},
		{directive: "NoCheck", lines: []string{"SPF 2", "RBL -s 100 bl.example", "VerifySender 1", "NoCheck bob alice@other.test"}, zone: spfFails + onList,
			talk: hi + fromA + rcptBob + "C: RCPT TO:<alice@mx.test>\nS: 550 *\n" + sendText + "S: 250 *\n" + bye,
			mail: "RBL=bl.example (127.0.0.2)"},
		{directive: "MxLocalRcpt", lines: []string{"MxLocalRcpt 1"}, zone: exchangers,
			talk: hi + fromA + toOther +
				"C: RCPT TO:<x@by-name.example>\nS: 250 *\n" +
				"C: RCPT TO:<x@loop.example>\nS: 550 5.7.1 *\n" +
				"C: RCPT TO:<x@third.example>\nS: 550 5.7.1 *\n" +
				"C: RCPT TO:<x@broken.example>\nS: 451 4.4.3 *\n" + bye},
		{directive: "XAvenger", lines: []string{"XAvenger 0"}, talk: hi + wholeMail + bye, behind: noField("X-Avenger")},
		{directive: "ReceivedSPF", lines: []string{"SPF 1", "ReceivedSPF 0"}, zone: spfPass, talk: hi + wholeMail + bye, behind: noField("Received-SPF")},
		{directive: "AuthResults", lines: []string{"SPF 1", "AuthResults 0"}, zone: spfPass, talk: hi + wholeMail + bye, behind: noField("Authentication-Results")},
		{directive: "AuthservID", lines: []string{"SPF 1", "AuthservID mail.test"}, zone: spfPass, talk: hi + wholeMail + bye,
			mail: "Authentication-Results: mail.test; spf=pass"},
		{directive: "DNSRecord", lines: []string{"SPF 2", "DNSRecord $T"}, zone: spfFails, talk: hi + fromA + bobHears("550 *") + bye, log: "dns_record=/",
			behind: recorded},
	}
}

// exchangers are domains that we serve, best, behind others, or not.
const exchangers = `other.example. MX 10 best.example.
other.example. MX 20 second.example.
by-name.example. MX 10 best.example.
by-name.example. MX 20 mx.test.
loop.example. MX 10 second.example.
third.example. MX 10 best.example.
best.example. A 192.0.2.99
second.example. A 192.0.2.25
;! servfail broken.example
`

func dnsIsSilent(t *testing.T, in *instance) {
	s := dnstest.Start(t, "")
	s.Fault(dnstest.All, dnstest.Silent)
	in.conf.dns = s.Resolver()
}

func noField(name string) func(*testing.T, *instance) {
	return func(t *testing.T, in *instance) {
		if box := in.mailbox(t, "bob"); len(box) != 1 || strings.Contains(box[0], name) {
			t.Errorf("the mailbox has %q", box)
		}
	}
}

// recorded: what was decided with DNS is decided again without it.
func recorded(t *testing.T, in *instance) {
	file := decisions(t, in)[0].Value("dns_record")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "client.example. ") {
		t.Fatalf("%s has %q, %v", file, text, err)
	}
	again := effect{directive: "DNSRecord", lines: []string{"SPF 2"}, zone: string(text), talk: hi + fromA + bobHears("550 5.7.23 *") + bye}
	again.run(t)
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*.zone")); len(names) != 1 {
		t.Errorf("the folder has %q", names)
	}
}

// Each result of SPF, and what becomes of it where it is obeyed and where it is
// noted.
func TestSPFResults(t *testing.T) {
	for _, c := range []struct {
		result, zone    string
		obeyed, noted   string
		inLog           string
		receivedAnyhow  bool
		authenticResult string
	}{
		{"pass", spfPass, "250 *", "250 *", "spf=pass", true, "spf=pass"},
		{"fail", spfFails, "550 5.7.23 SPF: *", "250 *", "spf=fail", false, "spf=fail"},
		{"softfail", strings.Replace(spfFails, "-all", "~all", 1), "250 *", "250 *", "spf=softfail", true, "spf=softfail"},
		{"neutral", strings.Replace(spfFails, "-all", "?all", 1), "250 *", "250 *", "spf=neutral", true, "spf=neutral"},
		{"none", clientZone, "250 *", "250 *", "spf=none", true, "spf=none"},
		{"permerror", strings.Replace(spfFails, "-all", "foo:bar", 1), "250 *", "250 *", "spf=permerror", true, "spf=permerror"},
		{"temperror", ";! servfail client.example\n", "451 4.4.3 SPF: *", "250 *", "spf=temperror", false, "spf=temperror"},
		{"refused with an explanation", "client.example. TXT \"v=spf1 -all exp=why.client.example\"\nwhy.client.example. TXT \"not %{i}\"\n",
			"550 5.7.23 SPF: *: not 192.0.2.7 (*)", "250 *", `spf_explanation="not 192.0.2.7"`, false, "spf=fail"},
	} {
		obeyed := effect{directive: c.result, lines: []string{"SPF 2"}, zone: c.zone, talk: hi + fromA + bobHears(c.obeyed) + bye, log: " " + c.inLog}
		if c.receivedAnyhow {
			obeyed.talk = hi + wholeMail + bye
			obeyed.mail = "Authentication-Results: mx.test; " + c.authenticResult
		}
		noted := effect{directive: c.result, lines: []string{"SPF 1"}, zone: c.zone, talk: hi + wholeMail + bye, log: " " + c.inLog,
			mail: "Authentication-Results: mx.test; " + c.authenticResult}
		t.Run(c.result, func(t *testing.T) {
			obeyed.run(t)
			noted.run(t)
		})
	}
}

// What is trusted, logged in or on this host is not asked about.
func TestNothingIsAskedOfFriends(t *testing.T) {
	for name, e := range map[string]effect{
		"trusted":      {lines: []string{"TrustedNet 192.0.2.7"}},
		"on this host": {from: "127.0.0.1:4242"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := dnstest.Start(t, spfFails+onList)
			e.lines = append(e.lines, "SPF 2", "RBL -ipf -s 100 bl.example")
			e.before = func(_ *testing.T, in *instance) { in.conf.dns = srv.Resolver() }
			e.talk = hi + wholeMail + bye
			e.run(t)
			for _, q := range srv.Asked() {
				if !strings.Contains(q, " PTR") && !strings.HasPrefix(q, "mx.client.example ") {
					t.Errorf("asked for %s", q)
				}
			}
		})
	}
}

// Without a directive that wants it nothing is asked and nothing begun.
func TestNothingIsAskedUnlessWanted(t *testing.T) {
	srv := dnstest.Start(t, "")
	in := newInstance(t)
	in.conf.dns = srv.Resolver()
	talk(t, in, stranger, hi+wholeMail+bye)
	if asked := srv.Asked(); len(asked) != 0 {
		t.Errorf("asked %q", asked)
	}
}

// A second message of a session is judged by itself.
func TestEachSenderIsJudged(t *testing.T) {
	e := effect{directive: "SPF", lines: []string{"SPF 2", "RBL -f -s 100 domains.example"},
		zone: spfFails + "listed.example.domains.example. A 127.0.0.2\n",
		talk: hi + fromA + bobHears("550 5.7.23 *") +
			"C: RSET\nS: 250 *\nC: MAIL FROM:<a@listed.example>\nS: 250 *\n" + bobHears("550 5.7.1 RBL: *") +
			"C: RSET\nS: 250 *\nC: MAIL FROM:<a@good.example>\nS: 250 *\n" + rcptBob + sendText + "S: 250 *\n" + bye,
		behind: func(t *testing.T, in *instance) {
			list := decisions(t, in)
			if last := list[len(list)-1]; last.Value("spf") != "none" || last.Value("rbl") != "" || last.Value("rbl_score") != "0" {
				t.Errorf("the last record is %s", last.String())
			}
		}}
	e.run(t)
}

// What was found out about a stranger is not held against the user that it has
// become.
func TestUserIsNotJudged(t *testing.T) {
	e := effect{directive: "SPF", lines: []string{"SPF 2", "RBL -f -s 100 bl.example", "SASL 1", "Users $T/users", "AuthPlainClear 1"},
		files: map[string]string{"users": "ann:{PLAIN}secret\n"}, zone: spfFails + onList,
		talk: hi + fromA + bobHears("550 *") + "C: RSET\nS: 250 *\n" + asAnn + wholeMail + bye,
		behind: func(t *testing.T, in *instance) {
			list := decisions(t, in)
			last := list[len(list)-1]
			for _, name := range []string{"spf", "rbl", "rbl_score"} {
				if _, noted := last.Lookup(name); noted {
					t.Errorf("the last record has %s: %s", name, last.String())
				}
			}
		}}
	e.run(t)
}

// What a message claims in our name is taken out; what others say stays.
func TestForgedResults(t *testing.T) {
	e := effect{directive: "results", lines: []string{"SPF 1"}, zone: spfPass,
		talk: hi + fromA + rcptBob + "C: DATA\nS: 354 *\n" +
			"C: X-Avenger: version=9; forged\nC: Authentication-Results: mx.test; spf=forged\n" +
			"C: authentication-results : (x) \"MX.TEST\" 1;\nC:  dkim=forged\n" +
			"C: Authentication-Results:\nC: Authentication-Results: other.example; spf=theirs\nC: Subject: x-avenger\n" +
			"C: \nC: X-Avenger: text\nC: .\nS: 250 *\n" + bye,
		mail: "Authentication-Results: other.example; spf=theirs\nSubject: x-avenger\n\nX-Avenger: text\n",
		behind: func(t *testing.T, in *instance) {
			text := unfolded(in.mailbox(t, "bob"))
			if strings.Contains(text, "forged") || strings.Count(text, "\nAuthentication-Results:") != 2 || strings.Count(text, "\nX-Avenger: ") != 2 {
				t.Errorf("the message is\n%s", text)
			}
		}}
	e.run(t)
	trusted := e
	trusted.lines, trusted.behind = []string{"TrustedNet 192.0.2.7"}, nil
	trusted.mail = "\nX-Avenger: version=9; forged\nAuthentication-Results: mx.test; spf=forged\n"
	trusted.run(t)
}

func TestXAvenger(t *testing.T) {
	e := effect{directive: "X-Avenger", lines: []string{"SPF 2", "ClientName 1", "RBL -s 40 bl.example", "RBL -s 100 broken.example"},
		zone: spfPass + onList + ";! servfail broken.example\n;! servfail 2.0.192.in-addr.arpa\n",
		talk: "S: 220 *\nC: EHLO client.example\nC: NOOP\nS: 250-...\nS: 250 *\nS: 250 *\n" +
			"C: MAIL FROM: <a@client.example>\nS: 250 *\n" + rcptBob + sendText + "S: 250 *\n" + bye,
		behind: func(t *testing.T, in *instance) {
			text := unfolded(in.mailbox(t, "bob"))
			for _, token := range []string{"version=0.1; receiver=mx.test; client-ip=192.0.2.7; client-port=4242; client-dnsfail=",
				"; colon-space; eager-pipelining; ", "; RBL=bl.example (127.0.0.2); RBL-errors=broken.example ("} {
				if !strings.Contains(text, token) {
					t.Errorf("%q is not in\n%s", token, text)
				}
			}
			if !strings.Contains(text, "iprev=temperror policy.iprev=192.0.2.7; spf=pass") {
				t.Errorf("no iprev in\n%s", text)
			}
		}}
	e.run(t)
}

// A customer's key is seen by the list alone.
func TestKeyIsNotShown(t *testing.T) {
	const key = "abcdefghijklmnopqrstuvwx26"
	e := effect{directive: "RBL", lines: []string{"RBL -s 60 " + key + ".zen.dq.example", "RBL -s 60 " + key + ".dbl.dq.example"},
		zone: "7.2.0.192." + key + ".zen.dq.example. A 127.0.0.2\n;! servfail 7.2.0.192." + key + ".dbl.dq.example\n",
		talk: hi + wholeMail + bye, mail: "RBL=zen.dq.example (127.0.0.2); RBL-errors=dbl.dq.example (", log: `rbl_errors="dbl.dq.example (`,
		behind: func(t *testing.T, in *instance) {
			var check strings.Builder
			if err := in.conf.table.Check(&check); err != nil {
				t.Fatal(err)
			}
			if all := in.log.String() + unfolded(in.mailbox(t, "bob")) + check.String(); strings.Contains(all, key) {
				t.Errorf("the key is in\n%s", all)
			}
		}}
	e.run(t)
}

// Mail for a domain that another host serves better waits in the queue.
func TestBackupMXQueues(t *testing.T) {
	e := effect{directive: "MxLocalRcpt", lines: []string{"MxLocalRcpt 1"}, zone: exchangers,
		talk: hi + fromA + toOther + sendText + "S: 250 *\n" + bye,
		behind: func(t *testing.T, in *instance) {
			names, err := filepath.Glob(filepath.Join(in.root, "var/spool/postern/queue/new/*/*"))
			if err != nil || len(names) != 1 {
				t.Errorf("the queue has %q, %v; want one message", names, err)
			}
		}}
	e.run(t)
}

// IPv6: lists are asked by nibbles, and the address is quoted where a token has
// no colon.
func TestIPv6Origin(t *testing.T) {
	const nibbles = "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	zone := nibbles + ".ip6.arpa. PTR mx.client.example.\nmx.client.example. AAAA 2001:db8::7\n" +
		"client.example. TXT \"v=spf1 ip6:2001:db8::/32 -all\"\n" + nibbles + ".bl.example. A 127.0.0.2\n"
	f := &flags{zone: filepath.Join(t.TempDir(), "zone")}
	write(t, f.zone, []byte(zone))
	in := newInstanceOf(t, f, "SPF 2", "ClientName 1", "RBL -s 40 bl.example")
	talk(t, in, peer{client: netip.MustParseAddrPort("[2001:db8::7]:4242"), server: netip.MustParseAddrPort("[2001:db8::25]:25")}, hi+wholeMail+bye)
	e := effect{mail: `Authentication-Results: mx.test; iprev=pass policy.iprev="2001:db8::7"; spf=pass`, log: `rbl="bl.example (127.0.0.2)"`}
	e.look(t, in, "")
}

// NoCheck: DNS trouble with the client's name is nothing to the postmaster.
func TestNoCheckForNames(t *testing.T) {
	e := effect{directive: "NoCheck", lines: []string{"AllowDNSFail 1", "NoCheck postmaster"}, before: dnsFails,
		talk: hi + fromA + bobHears("451 4.4.3 *") + "C: RCPT TO:<Postmaster@mx.test>\nS: 250 *\n" + bye, log: "check=client-name"}
	e.run(t)
}

// Whoever leaves before there is an answer leaves no half of one in the log, and
// nothing that goes on asking.
func TestClientLeavesBeforeAnswers(t *testing.T) {
	in := newInstance(t, "SPF 2", "RBL -if -s 100 bl.example")
	dnsIsSilent(t, in)
	talk(t, in, stranger, hi+fromA+"C: <end>\nS: <end>\n")
	list := decisions(t, in)
	if len(list) != 1 || list[0].Value("verdict") != "lost" || list[0].Value("spf") != "" || list[0].Value("rbl_score") != "" {
		t.Errorf("the log is %s", in.log)
	}
}
