package dns_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	mdns "github.com/miekg/dns"

	"postern/lib/dns"
)

// gated is a name server on which every name has an address, and the one for the
// name "late" comes when it is let through.
type gated struct {
	conn *net.UDPConn
	gate chan struct{}
}

func startGated(t *testing.T) *gated {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	g := &gated{conn: conn, gate: make(chan struct{})}
	t.Cleanup(func() { conn.Close() })
	go g.serve()
	return g
}

func (g *gated) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := g.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		q, m := new(mdns.Msg), new(mdns.Msg)
		if q.Unpack(buf[:n]) != nil {
			continue
		}
		m.SetReply(q)
		rr, _ := mdns.NewRR(q.Question[0].Name + " 60 IN A 192.0.2.1")
		m.Answer = append(m.Answer, rr)
		raw, _ := m.Pack()
		go func() {
			if q.Question[0].Name == "late." {
				<-g.gate
			}
			g.conn.WriteToUDPAddrPort(raw, from)
		}()
	}
}

func (g *gated) addr() netip.AddrPort { return g.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func addresses(names ...string) (list []dns.Question) {
	for _, name := range names {
		list = append(list, dns.Question{Name: name, Type: dns.TypeA})
	}
	return list
}

// What is answered is told while another answer is waited for.
func TestToldAtOnce(t *testing.T) {
	g := startGated(t)
	r := dns.New(dns.Config{Servers: []netip.AddrPort{g.addr()}})
	told := 0
	dns.QueryEach(ctx, r, addresses("a", "late", "b"), func(i int, reply dns.Reply) {
		if reply.Err != nil {
			t.Errorf("%d: %v", i, reply.Err)
		}
		if told++; told == 2 {
			close(g.gate)
		}
	})
	if told != 3 {
		t.Errorf("%d replies", told)
	}
}

// An answered question makes room for another, whatever it was asked with.
func TestAnswerMakesRoom(t *testing.T) {
	g := startGated(t)
	r := dns.New(dns.Config{Servers: []netip.AddrPort{g.addr()}, Window: 2})
	done := make(chan []dns.Reply)
	go func() { done <- dns.QueryAll(ctx, r, addresses("a", "late")) }()
	for range 10 {
		if _, err := r.LookupIP(context.Background(), "ip4", "b"); err != nil {
			t.Error(err)
		}
		if _, err := r.LookupMX(context.Background(), "b"); err == nil {
			t.Error("there is an MX record")
		}
	}
	close(g.gate)
	for i, reply := range <-done {
		if reply.Err != nil {
			t.Errorf("%d: %v", i, reply.Err)
		}
	}
}
