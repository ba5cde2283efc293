package main

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/dnstest"
	"postern/lib/e2e"
	"postern/lib/smtptest"
)

// clientZone is what DNS knows of the stranger.
const clientZone = "7.2.0.192.in-addr.arpa. PTR mx.client.example.\nmx.client.example. A 192.0.2.7\n"

// relay is a recipient that only the trusted may name.
const toOther = "C: RCPT TO:<x@other.example>\nS: 250 *\n"

// policyEffects are those of who may do what.
func policyEffects() []effect {
	return []effect{
		{directive: "TrustedNet", lines: []string{"ournets 192.0.2.0/28", "MaxRcpts 1"}, talk: hi + fromA + rcptBob + toOther + bye},
		{directive: "TrustedDomain", lines: []string{"TrustedDomain client.example"}, zone: clientZone, talk: hi + fromA + toOther + bye},
		{directive: "HeloClaims", lines: []string{"HeloClaims 0"}, talk: "S: 220 *\nC: HELO mx.test\nS: 250 *\n" + bye},
		{directive: "HeloExists", lines: []string{"HeloExists 1"}, zone: clientZone,
			talk: "S: 220 *\nC: HELO no.example.org\nS: 554 5.7.1 *\nS: <end>\n"},
		{directive: "RefuseEager", lines: []string{"RefuseEager 1"},
			talk: "S: 220 *\nC: EHLO client.example\nC: MAIL FROM:<>\nS: 554 5.5.0 *\nS: <end>\n"},
		{directive: "AllowDNSFail", lines: []string{"AllowDNSFail 1"}, before: dnsFails,
			talk: hi + fromA + "C: RCPT TO:<bob@mx.test>\nS: 451 4.4.3 *\n" + bye},
		{directive: "IdentTimeout", lines: []string{"IdentTimeout 5"}, from: "127.0.0.1:4242", before: identd("joe \x01"),
			talk: hi + "C: Z-IDENT\nS: 200 2.0.0 joe*\n" + bye, log: `client_ident="joe \\x01"`},
		{directive: "rcvd-ident", lines: []string{"IdentTimeout 5", "rcvd-ident"}, from: "127.0.0.1:4242", before: identd(`j)"oe`),
			talk: hi + wholeMail + bye, mail: `([127.0.0.1] ident: "j??oe") by mx.test`},
		{directive: "rcvd-auth-user", lines: []string{"rcvd-auth-user", "Users $T/users", "AuthPlainClear 1", "AuthDelay 0"},
			files: map[string]string{"users": "ann:{PLAIN}secret\n"},
			talk:  hi + "C: AUTH PLAIN AGFubgBzZWNyZXQ=\nS: 235 *\n" + wholeMail + bye, mail: `smtp-auth: "ann") by mx.test with ESMTPA`},
	}
}

// dnsFails is DNS that has no answers now.
func dnsFails(t *testing.T, in *instance) {
	s := dnstest.Start(t, "")
	s.Fault(dnstest.All, dnstest.ServFail)
	in.conf.dns = s.Resolver()
}

// identd is a client's host that knows one user.
func identd(user string) func(*testing.T, *instance) {
	return func(t *testing.T, in *instance) {
		at := e2e.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			line, _ := bufio.NewReader(c).ReadString('\n')
			fmt.Fprintf(c, "%s : USERID : UNIX : %s\r\n", strings.TrimSpace(line), user)
		})
		in.identPort = netip.MustParseAddrPort(at).Port()
	}
}

// A client that cannot be named now is sent away before the greeting.
func TestDNSFailAtOnce(t *testing.T) {
	in := newInstance(t, "AllowDNSFail 0")
	dnsFails(t, in)
	talk(t, in, stranger, "S: 421 4.4.3 *\nS: <end>\n")
	in.conf.dns = dns.Resolver(dnstest.Start(t, "").Resolver())
	talk(t, in, stranger, hi+to0+bye)
}

// to0 is a recipient who is refused for want of a sender.
const to0 = "C: RCPT TO:<bob@mx.test>\nS: 503 *\n"

// A name that only the client claims trusts nobody.
func TestUnconfirmedNameIsNotTrusted(t *testing.T) {
	e := effect{directive: "TrustedDomain", lines: []string{"TrustedDomain client.example"},
		zone: "7.2.0.192.in-addr.arpa. PTR mx.client.example.\nmx.client.example. A 192.0.2.8\n",
		talk: hi + fromA + "C: RCPT TO:<x@other.example>\nS: 550 5.7.1 *\n" + bye}
	e.run(t)
}

// A name that cannot be looked up now may be a trusted one.
func TestUnknownNameMayBeTrusted(t *testing.T) {
	e := effect{directive: "TrustedDomain", lines: []string{"TrustedDomain client.example"},
		zone: ";! servfail 7.2.0.192.in-addr.arpa\n",
		talk: hi + fromA + "C: RCPT TO:<x@other.example>\nS: 451 4.4.3 *\n" + bye}
	e.run(t)
}

func TestParseIdent(t *testing.T) {
	for _, c := range []struct {
		line, user string
	}{
		{"4242 , 25 : USERID : UNIX : joe\r\n", "joe"},
		{"4242,25:userid:UNIX,US-ASCII:a:b\n", "a:b"},
		{"4242 , 25 : ERROR : NO-USER\r\n", ""},
		{"4243 , 25 : USERID : UNIX : joe\r\n", ""},
		{"4242 , 25 : USERID : UNIX\r\n", ""},
		{"4242\r\n", ""},
		{"", ""},
	} {
		user, err := parseIdent(c.line, 4242, 25)
		if user != c.user || (err == nil) != (c.user != "") {
			t.Errorf("%q: %q, %v; want %q", c.line, user, err, c.user)
		}
	}
}

func FuzzParseIdent(f *testing.F) {
	f.Add("4242 , 25 : USERID : UNIX : joe\r\n")
	f.Fuzz(func(t *testing.T, line string) {
		user, _ := parseIdent(line, 4242, 25)
		if strings.ContainsAny(user, "\r\n\x00") || len(user) > 4*maxIdentID {
			t.Errorf("%q gives %q", line, user)
		}
	})
}

// pairOf is a connection over loopback.
func pairOf(t *testing.T) (client, server net.Conn) {
	client, server = smtptest.Pair(t)
	client.SetDeadline(time.Now().Add(20 * time.Second))
	return client, server
}
