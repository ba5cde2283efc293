package e2e

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"postern/lib/dnstest"
)

// longest is how many octets of text a record can have: an answer has 65535
// (RFC 1035 4.2.2), of which some are around the text and one is in front of
// each string of 255.
const longest = 64_900

// longRecord is a TXT record in a zone file, as long as one can be: front, an
// enormous lot of the same, and back.
func longRecord(name, front, fill, back string) string {
	text := front + strings.Repeat(fill, (longest-len(front)-len(back))/len(fill)) + back
	var b strings.Builder
	b.WriteString(name + " IN TXT")
	for len(text) > 0 {
		n := min(255, len(text))
		fmt.Fprintf(&b, " %q", text[:n])
		text = text[n:]
	}
	return b.String() + "\n"
}

// longRecords are records of long.test, and what each says of the stranger.
var longRecords = []struct{ name, front, fill, back, want, rcpt string }{
	{"pass", "v=spf1", " ip4:198.51.100.1", " ip4:192.0.2.7 -all", "pass", "250 "},
	{"fail", "v=spf1", " ip4:198.51.100.1", " -all", "fail", "550 5.7.23 "},
	{"broken", "v=spf1", " ip4:198.51.100.1", " no-such-mechanism -all", "permerror", "250 "},
	{"questions", "v=spf1", " a:%{l}.long.test", " -all", "permerror", "250 "},
	{"blanks", "v=spf1", " ", "+all", "pass", "250 "},
	{"other", "v=spf1x", " ip4:192.0.2.7", " -all", "none", "250 "},
}

// TestLongRecords: records of 64 KiB come by TCP from a real server and from
// ours, and are understood to their end by spf and by smtpd.
func TestLongRecords(t *testing.T) {
	var zone strings.Builder
	for _, r := range longRecords {
		zone.WriteString(longRecord(r.name, r.front, r.fill, r.back))
	}
	t.Run("nsd", func(t *testing.T) {
		checkLongRecords(t, dnstest.StartNSD(t, Need, dnstest.Zone{Name: "long.test", Text: zone.String()}))
	})
	t.Run("dnstest", func(t *testing.T) {
		checkLongRecords(t, dnstest.Start(t, "$ORIGIN long.test.\n"+zone.String()).Addr())
	})
}

func checkLongRecords(t *testing.T, server netip.AddrPort) {
	in := newInstance(t)
	in.write("etc/postern/smtpd.conf", "Hostname "+hostname+"\nClientName 0\nResolver "+server.String()+"\n")
	var lines strings.Builder
	for _, r := range longRecords {
		fmt.Fprintf(&lines, "%s joe@%s.long.test\n", stranger, r.name)
	}
	results := in.filterTwice(server.String(), lines.String(), program(t, "spf"))
	if len(results) != len(longRecords) {
		t.Fatalf("spf: %q", results)
	}
	for i, r := range longRecords {
		if !strings.Contains(results[i], " spf="+r.want+" ") {
			t.Errorf("%s: %s, want %s", r.name, results[i], r.want)
		}
		conn, p := in.sessionOf(stranger)
		c := converse(t, conn)
		c.expect("220 ")
		c.hello()
		if got := c.sends("joe@"+r.name+".long.test", "ann@"+hostname); !strings.HasPrefix(got, r.rcpt) {
			t.Errorf("%s: %q, want %s", r.name, got, r.rcpt)
		}
		c.quit()
		if got := p.lastDecision(t); got.Value("spf") != r.want {
			t.Errorf("%s: the log says %s", r.name, got.String())
		}
	}
}
