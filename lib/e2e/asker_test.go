package e2e

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"postern/lib/dnstest"
)

// TestWhoIsAsked: the zone file before the option or directive, that before the
// environment.
func TestWhoIsAsked(t *testing.T) {
	says := func(result string) *dnstest.Server { return dnstest.Start(t, "pass.test. TXT \"v=spf1 "+result+"\"\n") }
	pass, soft := says("+all").Addr().String(), says("~all").Addr().String()
	in := newInstance(t)
	in.write("zone", "pass.test. TXT \"v=spf1 ?all\"\n")
	t.Setenv("POSTERN_RESOLVER", pass)
	for _, run := range []struct{ args, want string }{
		{"", "pass"},
		{"-r " + soft, "softfail"},
		{"-r " + soft + " -z zone", "neutral"},
	} {
		out, _ := in.run("", program(t, "spf"), append(strings.Fields(run.args), stranger, "joe@pass.test")...)
		if !strings.HasPrefix(out, run.want+":") {
			t.Errorf("spf %s: %s, want %s", run.args, out, run.want)
		}
	}
	for _, run := range []struct{ conf, option, want string }{
		{"", "", "pass"},
		{"Resolver " + soft, "", "softfail"},
		{"Resolver " + soft, "-z zone", "neutral"},
	} {
		in.write("etc/postern/smtpd.conf", "Hostname "+hostname+"\n"+run.conf+"\n")
		conn, p := in.sessionOf(stranger, strings.Fields(run.option)...)
		c := converse(t, conn)
		c.expect("220 ")
		c.hello()
		c.sends("joe@pass.test", ann)
		c.quit()
		if d := p.lastDecision(t); d.Value("spf") != run.want {
			t.Errorf("smtpd %s, %s: %s, want %s", run.conf, run.option, d.String(), run.want)
		}
	}
}

// TestServersTakeTurns: of several servers one that answers is enough.
func TestServersTakeTurns(t *testing.T) {
	t.Parallel()
	good := dnstest.Start(t, mailZone).Addr().String()
	servers := []string{FreePort(t)} // where nobody listens
	for _, fault := range []dnstest.Fault{dnstest.ServFail, dnstest.Refused, dnstest.Lame, dnstest.Silent} {
		s := dnstest.Start(t, "")
		s.Fault(dnstest.All, fault)
		servers = append(servers, s.Addr().String())
	}
	in := newInstance(t)
	list := strings.Join(append(servers, good), ",")
	if out, status := in.run("", program(t, "spf"), "-r", list, stranger, "joe@pass.test"); status != 0 || !strings.HasPrefix(out, "pass:") {
		t.Errorf("spf: status %d, %s", status, out)
	}
	if out, status := in.run(stranger+"\n", program(t, "rbl"), "-r", list, "-b", "list.test"); status != 0 || !strings.Contains(out, `rbl="list.test (127.0.0.2)"`) {
		t.Errorf("rbl: status %d, %s", status, out)
	}
	in.write("etc/postern/smtpd.conf", "Hostname "+hostname+"\nResolver "+list+"\n")
	conn, p := in.sessionOf(stranger)
	c := converse(t, conn)
	c.expect("220 ")
	c.hello()
	if got := c.sends("joe@fail.test", ann); !strings.HasPrefix(got, "550 5.7.23 ") {
		t.Errorf("smtpd: %s", got)
	}
	c.quit()
	<-p.done
}

// An eavesdropper is a name server that refuses, and notes how it was asked.
type eavesdropper struct {
	net.PacketConn
	mu         sync.Mutex
	ids, ports []int
}

func eavesdrop(t *testing.T) *eavesdropper {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &eavesdropper{PacketConn: conn}
	done := make(chan struct{})
	go func() { defer close(done); e.listen() }()
	t.Cleanup(func() { conn.Close(); <-done })
	return e
}

func (e *eavesdropper) listen() {
	buf := make([]byte, 1500)
	for {
		n, from, err := e.ReadFrom(buf)
		if err != nil {
			return
		}
		if n < 12 {
			continue
		}
		e.mu.Lock()
		e.ids = append(e.ids, int(buf[0])<<8|int(buf[1]))
		e.ports = append(e.ports, from.(*net.UDPAddr).Port)
		e.mu.Unlock()
		buf[2], buf[3] = buf[2]|0x80, 5 // an answer: REFUSED
		e.WriteTo(buf[:n], from)
	}
}

// successive is how many numbers are the one before and one.
func successive(list []int) (n int) {
	for i := 1; i < len(list); i++ {
		if list[i] == list[i-1]+1 {
			n++
		}
	}
	return n
}

// distinct is how many different numbers there are.
func distinct(list []int) int {
	seen := make(map[int]bool)
	for _, n := range list {
		seen[n] = true
	}
	return len(seen)
}

// TestQuestionsCannotBeGuessed: each process asks from a port that nobody can
// foretell, and each question has an id of its own (RFC 5452 4.3, 4.5).
func TestQuestionsCannotBeGuessed(t *testing.T) {
	in := newInstance(t)
	for _, name := range []string{"spf", "rbl"} {
		e := eavesdrop(t)
		args := []string{"-r", e.LocalAddr().String()}
		if name == "rbl" {
			args = append(args, "-b", "list.test")
		}
		const runs, lines = 20, 1000
		for range runs {
			in.run("", program(t, name), append(args, stranger, "joe@pass.test")...)
		}
		e.mu.Lock()
		ids, ports := distinct(e.ids), distinct(e.ports)
		if len(e.ids) < runs || ids < runs-1 || ports < runs-3 || successive(e.ports) > 3 || successive(e.ids) > 1 {
			t.Errorf("%d runs of %s: ids %v, ports %v", runs, name, e.ids, e.ports)
		}
		e.ids, e.ports = nil, nil
		e.mu.Unlock()
		var in1 strings.Builder
		for i := range lines {
			fmt.Fprintf(&in1, "192.0.%d.%d joe@d%d.test\n", i/250, i%250, i)
		}
		in.run(in1.String(), program(t, name), args...)
		e.mu.Lock()
		// Of a thousand of 65536 numbers about eight are there twice.
		if ids := distinct(e.ids); len(e.ids) < lines || ids < len(e.ids)*95/100 || successive(e.ids) > lines/100 {
			t.Errorf("%s: %d questions with %d ids, %d of them successive", name, len(e.ids), ids, successive(e.ids))
		}
		e.mu.Unlock()
	}
}

// TestTraceInEnvironment: SPF_TRACE makes spf talk, on standard error, and says
// nothing to smtpd.
func TestTraceInEnvironment(t *testing.T) {
	w := newWorld(t, mailZone+"deep.test. TXT \"v=spf1 include:soft.test a:out.pass.test -all\"\n")
	last := 0
	for level := range 5 {
		t.Setenv("SPF_TRACE", fmt.Sprint(level))
		out := len(w.filters(stranger+" joe@deep.test\n", program(t, "spf")))
		if more := level > 0; more && (out < last || level < 4 && out == last) || !more && out != 1 {
			t.Errorf("SPF_TRACE=%d: %d lines, before %d", level, out, last)
		}
		last = out
	}
	c, p := w.meet(stranger)
	c.hello()
	c.sends("joe@deep.test", ann)
	c.quit()
	<-p.done
	if n := strings.Count(p.log.String(), "\n"); n != 1 || len(decisions(t, p.log.String())) != 1 {
		t.Errorf("smtpd with SPF_TRACE=%s logs %d lines:\n%s", os.Getenv("SPF_TRACE"), n, p.log)
	}
}
