package spf_test

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"postern/lib/dnstest"
	"postern/lib/e2e"
	"postern/lib/spf"
)

// peerScript answers "ip sender helo" lines with results of the Python library
// that Debian's policyd-spf is made of.
const peerScript = `
import sys, DNS, spf
spf.MAX_LOOKUP = 10
DNS.defaults.update(server=["127.0.0.1"], port=int(sys.argv[1]), timeout=5)
spf.DNS.defaults = DNS.defaults
for line in sys.stdin:
    ip, sender, helo = line.split()
    print(spf.check2(i=ip, s=sender, h=helo, querytime=20)[0], flush=True)
`

const peerZone = `$TTL 60
@ NS ns.
plain.test.  TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"
a.test.      TXT "v=spf1 a/28//64 ~all"
a.test.      A 192.0.2.17
a.test.      AAAA 2001:db8:1:2::1
mx.test.     TXT "v=spf1 mx mx:a.test ?all"
mx.test.     MX 10 m1.test.
mx.test.     MX 20 m2.test.
m1.test.     A 198.51.100.1
m2.test.     A 198.51.100.2
m2.test.     AAAA 2001:db8::2
inc.test.    TXT "v=spf1 include:plain.test include:mx.test -all"
redir.test.  TXT "v=spf1 ip4:203.0.113.7 redirect=inc.test"
exists.test. TXT "v=spf1 exists:%{ir}.%{v}.%{l1r+}.x.%{d} -all"
7.113.0.203.in-addr.ann.x.exists.test. A 127.0.0.2
ptr.test.    TXT "v=spf1 ptr -all"
7.113.0.203.in-addr.arpa. PTR host.ptr.test.
host.ptr.test. A 203.0.113.7
ten.test.    TXT "v=spf1 a a a a a a a a a a ip4:203.0.113.7 -all"
ten.test.    A 192.0.2.200
over.test.   TXT "v=spf1 a a a a a a a a a a a ip4:203.0.113.7 -all"
over.test.   A 192.0.2.200
void.test.   TXT "v=spf1 a:n1.test a:n2.test ip4:203.0.113.7 -all"
voids.test.  TXT "v=spf1 a:n1.test a:n2.test a:n3.test ip4:203.0.113.7 -all"
two.test.    TXT "v=spf1 -all"
two.test.    TXT "v=spf1 +all"
bad1.test.   TXT "v=spf1 ip4:203.0.113.7 ip4:1.2.3"
bad2.test.   TXT "v=spf1 ip4:203.0.113.7 include:test"
bad3.test.   TXT "v=spf1 ip4:203.0.113.7 a/33"
bad4.test.   TXT "v=spf1 ip4:203.0.113.7 foo"
mod.test.    TXT "v=spf1 foo=bar%{d} ip4:203.0.113.7 -all"
loop.test.   TXT "v=spf1 include:loop.test"
none.test.   TXT "hello"
incno.test.  TXT "v=spf1 include:none.test -all"
split.test.  TXT "v=spf1 ip4:203.0" ".113.7 -all"
`

// Every client and sender of a table gives what a peer makes of it.
func TestAgainstPyspf(t *testing.T) {
	python := e2e.Need(t, "/usr/bin/python3")[0]
	if out, err := exec.Command(python, "-c", "import spf, DNS; spf.check2").CombinedOutput(); err != nil {
		e2e.Missing(t, "python3-spf is not installed: %s", out)
	}
	srv := dnstest.Start(t, peerZone)
	var in strings.Builder
	var senders []string
	for line := range strings.Lines(peerZone) {
		if domain, _, ok := strings.Cut(line, ". "); ok && strings.Contains(line, "TXT") {
			senders = append(senders, "ann+x@"+strings.TrimSpace(domain))
		}
	}
	clients := []string{"203.0.113.7", "192.0.2.18", "192.0.2.40", "198.51.100.2", "2001:db8:1:2::7", "2001:db8::2", "2001:dead::1"}
	for _, client := range clients {
		for _, sender := range senders {
			fmt.Fprintln(&in, client, sender, "helo.test")
		}
	}
	cmd := exec.Command(python, "-c", peerScript, fmt.Sprint(srv.Addr().Port()))
	cmd.Stdin = strings.NewReader(in.String())
	cmd.Dir = t.TempDir()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	c := &spf.Checker{Resolver: srv.Resolver()}
	theirs := strings.Fields(string(out))
	lines := strings.Split(strings.TrimSpace(in.String()), "\n")
	if len(theirs) != len(lines) {
		t.Fatalf("%d answers to %d questions\n%s", len(theirs), len(lines), stderr.String())
	}
	for i, line := range lines {
		w := strings.Fields(line)
		r := c.Check(t.Context(), netip.MustParseAddr(w[0]), w[1], w[2])
		if r.Code.String() != theirs[i] {
			t.Errorf("%s: %s (%s), pyspf says %s", line, r.Code, r.Problem, theirs[i])
		}
	}
}
