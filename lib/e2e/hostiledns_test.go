package e2e

import (
	"fmt"
	"strings"
	"testing"

	"postern/lib/dnstest"
	"postern/lib/record"
)

// faultyServers is what may be wrong with the servers of a domain, and what is
// then known of its mail. Every one of them would let anybody send, if the wrong
// answer were believed.
var faultyServers = []struct {
	fault     dnstest.Fault
	spf, list string // results; list is "" when the list has the client
}{
	{dnstest.None, "pass", ""},
	{dnstest.Slow, "pass", ""},
	{dnstest.Stray, "pass", ""},
	{dnstest.Truncate, "pass", ""},
	{dnstest.NoEDNS, "pass", ""},
	{dnstest.LowerCase, "pass", ""},
	{dnstest.Lame, "temperror", "error"},
	{dnstest.Silent, "temperror", "error"},
	{dnstest.WrongID, "temperror", "error"},
	{dnstest.WrongName, "temperror", "error"},
	{dnstest.WrongPort, "temperror", "error"},
	{dnstest.NeverAll, "temperror", "error"},
	{dnstest.Garbage, "temperror", "error"},
	{dnstest.ServFail, "temperror", "error"},
	{dnstest.Refused, "temperror", "error"},
	{dnstest.Bogus, "temperror", "error"},
}

// faultyZone has a domain and a block list for each of them.
func faultyZone() string {
	var b strings.Builder
	for _, f := range faultyServers {
		fmt.Fprintf(&b, "%[1]sx.test. TXT \"v=spf1 +all\"\n7.2.0.192.%[1]sx.list.test. A 127.0.0.2\n", f.fault)
	}
	return b.String()
}

// TestFaultyServers: whatever name servers do, each line has its result, in its
// place, and one domain's servers are no harm to another.
func TestFaultyServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faultyZone())
	var lines strings.Builder
	args := []string{}
	for _, f := range faultyServers {
		w.dns.Fault(string(f.fault)+"x.test", f.fault)
		w.dns.Fault("7.2.0.192."+string(f.fault)+"x.list.test", f.fault)
		fmt.Fprintf(&lines, "%s joe@%sx.test\n", stranger, f.fault)
		args = append(args, "-b", string(f.fault)+"x.list.test")
	}
	for i, line := range w.filters(lines.String(), program(t, "spf")) {
		f := faultyServers[i]
		if !strings.Contains(line, " sender=joe@"+string(f.fault)+"x.test ") || !strings.Contains(line, " spf="+f.spf+" ") {
			t.Errorf("%q: want %s, got %s", f.fault, f.spf, line)
		}
	}
	out := w.filters(stranger+"\n", program(t, "rbl"), args...)
	r, err := record.ParseLine([]byte(out[0]))
	if err != nil || len(out) != 1 {
		t.Fatalf("%v: %q", err, out)
	}
	listed, failed := r.Value("rbl"), r.Value("rbl_errors")
	for _, f := range faultyServers {
		name := string(f.fault) + "x.list.test ("
		if has(listed, name) != (f.list == "") || has(failed, name) != (f.list == "error") {
			t.Errorf("%q: rbl=%q rbl_errors=%q", f.fault, listed, failed)
		}
	}
}

// has says whether a list of names in the form of rbl has one.
func has(list, name string) bool { return strings.Contains(", "+list, ", "+name) }

// loopZone are aliases without end, and records that lead to one another.
const loopZone = `
one.test.   CNAME two.test.
two.test.   CNAME one.test.
self.test.  CNAME self.test.
a.test.     TXT "v=spf1 a:one.test -all"
mx.test.    TXT "v=spf1 mx -all"
mx.test.    MX  10 self.test.
inc.test.   TXT "v=spf1 include:two.test -all"
exp.test.   TXT "v=spf1 -all exp=self.test"
red.test.   TXT "v=spf1 redirect=red.test"
ring.test.  TXT "v=spf1 include:ring2.test -all"
ring2.test. TXT "v=spf1 include:ring.test -all"
tree.test.  TXT "v=spf1 include:%{l1r-}a.tree.test include:%{l1r-}b.tree.test -all"
*.tree.test. TXT "v=spf1 include:a.%{d} include:b.%{d} -all"
ptr.test.   TXT "v=spf1 ptr:x.test -all"
7.2.0.192.in-addr.arpa. CNAME 8.2.0.192.in-addr.arpa.
8.2.0.192.in-addr.arpa. CNAME 7.2.0.192.in-addr.arpa.
exists.test. TXT "v=spf1 exists:%{l}.x.exists.test ~all"
*.x.exists.test. A 127.0.0.2
`

// crowds are names with many records.
func crowds() string {
	var b strings.Builder
	b.WriteString("many.test. TXT \"v=spf1 mx -all\"\nten.test. TXT \"v=spf1 mx -all\"\ncrowd.test. TXT \"v=spf1 a -all\"\ncrowd.test. A 192.0.2.7\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "crowd.test. A 198.51.%d.%d\n", i/250, i%250)
	}
	for i := range 11 {
		fmt.Fprintf(&b, "many.test. MX %d h%[1]d.test.\n", i)
	}
	for i := range 10 {
		fmt.Fprintf(&b, "ten.test. MX %d h%[1]d.test.\n", i)
	}
	return b.String() + "h9.test. A 192.0.2.7\n"
}

// longName is a name of n octets as they are written, 253 at most.
func longName(n int, end string) string {
	return strings.Repeat("abcdefghijklmn.", n)[:n-len(end)-1] + "x" + end
}

// strangeSenders are senders, and the results for the stranger. Their names are
// beyond what names may be, or lead nowhere.
var strangeSenders = []struct{ sender, want string }{
	{"joe@one.test", "temperror"},
	{"joe@self.test", "temperror"},
	{"joe@a.test", "temperror"},
	{"joe@mx.test", "temperror"},
	{"joe@inc.test", "temperror"},
	{"joe@exp.test", "fail"},
	{"joe@red.test", "permerror"},
	{"joe@ring.test", "permerror"},
	{"joe@tree.test", "permerror"},
	{"joe@ptr.test", "fail"},       // RFC 7208 5.5: a name that cannot be found out does not match
	{"joe@many.test", "permerror"}, // more than ten exchangers, RFC 7208 4.6.4
	{"joe@ten.test", "pass"},
	{"joe@crowd.test", "pass"}, // the last of thousands of addresses
	{"joe@" + longName(253, ".test"), "pass"},
	{"joe@" + longName(252, ".test"), "none"},
	{"joe@" + longName(254, ".test"), "none"},
	{"joe@" + longName(255, ".test"), "none"},
	{"joe@" + strings.Repeat("x.", 10_000) + "test", "none"},
	{"joe@" + strings.Repeat("x", 64) + ".test", "none"},
	{"joe@" + strings.Repeat("x", 10_000), "none"},
	{strings.Repeat("x", 10_000) + "@exists.test", "softfail"},
	{strings.Repeat("x.", 5_000) + "y@exists.test", "pass"}, // cut from the left, RFC 7208 7.3
	{"a@b@exists.test", "pass"},
	{"\"a.b c\"@exists.test", "pass"},
	{"a\x00b@exists.test", "softfail"},
	{"a..b@exists.test", "softfail"},
	{"a\\.b@exists.test", "pass"},
	{"joe@a\x00b.test", "none"},
	{"joe@a\\.b.test", "none"},
	{"joe@a\\000b.test", "none"},
	{"joe@a..test", "none"},
	{"joe@.test", "none"},
	{"joe@\xff\xfe.test", "none"},
	{"joe@[192.0.2.7]", "none"},
	{"@", "none"},
}

// TestStrangeNames: names that are too long, that have octets which no host's
// name has, or that lead in circles have the right result, through spf and
// through rbl.
func TestStrangeNames(t *testing.T) {
	w := newWorld(t, loopZone+crowds()+longName(253, ".test")+". TXT \"v=spf1 +all\"\n")
	var lines strings.Builder
	for _, s := range strangeSenders {
		var r record.Record
		r.Set("client_address", stranger)
		r.Set("sender", s.sender)
		lines.WriteString(r.String() + "\n")
	}
	in := lines.String()
	checkStrange(t, w.filters(in, program(t, "spf")), func(i int, r record.Record) bool {
		return r.Value("spf") == strangeSenders[i].want
	})
	checkStrange(t, w.filters(in, program(t, "rbl"), "-b", "-f -s 1 one.test", "-b", "-f -s 1 rbl.test"), func(_ int, r record.Record) bool {
		return r.Value("rbl") == ""
	})
}

// checkStrange looks at a line for each of strangeSenders.
func checkStrange(t *testing.T, lines []string, right func(int, record.Record) bool) {
	t.Helper()
	if len(lines) != len(strangeSenders) {
		t.Fatalf("%d lines, want %d", len(lines), len(strangeSenders))
	}
	for i, line := range lines {
		s := strangeSenders[i]
		r, err := record.ParseLine([]byte(line))
		if err != nil || r.Value("sender") != s.sender || !right(i, r) {
			t.Errorf("%.60q, want %s: %v %.400s", s.sender, s.want, err, line[min(len(line), len(s.sender)):])
		}
	}
}
