package e2e

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/dnstest"
	"postern/lib/record"
)

// stranger is the client of the tests about where mail comes from.
const stranger = "192.0.2.7"

// world is an instance whose programs ask a DNS server of the test.
type world struct {
	*instance
	dns      *dnstest.Server
	resolver string // the option -r
}

// newWorld makes one whose smtpd.conf has these lines and no others but those
// that a test cannot do without.
func newWorld(t testing.TB, zone string, conf ...string) *world {
	t.Helper()
	w := &world{newInstance(t), dnstest.Start(t, zone), ""}
	w.patient(1)
	w.configure(conf...)
	return w
}

// patient makes programs that are configured from now on wait for the server n
// times as long as usual, since it is so many servers to them.
func (w *world) patient(n int) {
	w.resolver = strings.TrimSuffix(strings.Repeat(w.dns.Addr().String()+",", n), ",")
}

// configure writes smtpd.conf anew.
func (w *world) configure(conf ...string) {
	w.t.Helper()
	lines := append([]string{"Hostname " + hostname, "Resolver " + w.resolver}, conf...)
	w.write("etc/postern/smtpd.conf", strings.Join(lines, "\n")+"\n")
}

// meet begins a session of a client's, and takes the greeting.
func (w *world) meet(client string) (*talk, *process) {
	w.t.Helper()
	conn, p := w.sessionOf(client)
	c := converse(w.t, conn)
	c.expect("220 " + hostname)
	return c, p
}

// strangerAt begins a session behind a listen that believes us who we are.
func strangerAt(t *testing.T, addr string) *talk {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	c := converse(t, conn)
	c.send("PROXY TCP4 " + stranger + " 192.0.2.25 4242 25\r\n")
	c.expect("220 ")
	return c
}

// sends begins a message, and answers the reply to its recipient.
func (c *talk) sends(from, to string) string {
	c.t.Helper()
	c.ask("MAIL FROM:<"+from+">", "250 ")
	return c.say("RCPT TO:<" + to + ">")
}

// decisions are the records in a log that have a verdict.
func decisions(t testing.TB, log string) (list []record.Record) {
	t.Helper()
	for line := range strings.Lines(log) {
		r, err := record.ParseLine([]byte(line))
		if err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if _, ok := r.Lookup("verdict"); ok {
			list = append(list, r)
		}
	}
	return list
}

// lastDecision waits for the end of a session and answers its last decision.
func (p *process) lastDecision(t testing.TB) record.Record {
	t.Helper()
	<-p.done
	list := decisions(t, p.log.String())
	if len(list) == 0 {
		t.Fatalf("no decision in the log: %s", p.log)
	}
	return list[len(list)-1]
}

// filters runs a filter over lines; its errors are on standard output too. Then
// it runs it again with nothing but the answers of the DNS that it has kept, and
// wants the same.
func (w *world) filters(in, program string, args ...string) []string {
	w.t.Helper()
	return w.filterTwice(w.resolver, in, program, args...)
}

// filterTwice is filters that asks these name servers.
func (in *instance) filterTwice(servers, lines, program string, args ...string) []string {
	in.t.Helper()
	kept := filepath.Join(in.t.TempDir(), "kept.zone")
	out, status := in.run(lines, program, append([]string{"-r", servers, "--record", kept}, args...)...)
	if status != 0 {
		in.t.Fatalf("%s %q: exit status %d\n%s", program, args, status, out)
	}
	again, status := in.run(lines, program, append([]string{"-z", kept}, args...)...)
	if status != 0 || again != out {
		in.t.Errorf("%s %q: first\n%s\nand without the DNS, with exit status %d,\n%s", program, args, out, status, again)
	}
	return strings.Split(strings.TrimSuffix(out, "\n"), "\n")
}
