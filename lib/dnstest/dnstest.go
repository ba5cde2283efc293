// Package dnstest is a DNS server on loopback for tests. It answers from the
// text of a zone file, by UDP and TCP on one port, and on demand does what bad
// servers, bad networks and forgers do.
package dnstest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"postern/lib/dns"
)

// Fault is something that goes wrong with the answers for a name.
type Fault string

// The faults. "servfail", "bogus" and "secure" can stand in the zone text too,
// see dns.Zone.
const (
	None      Fault = ""
	ServFail  Fault = "servfail"   // code SERVFAIL
	Refused   Fault = "refused"    // code REFUSED
	Bogus     Fault = "bogus"      // SERVFAIL and the extended error for wrong signatures
	Silent    Fault = "silent"     // no answer
	Slow      Fault = "slow"       // the answer comes after 200 ms
	Truncate  Fault = "truncate"   // by UDP nothing but the TC bit; by TCP all
	NoEDNS    Fault = "no-edns"    // FORMERR for a question with EDNS
	WrongID   Fault = "wrong-id"   // the answer has another id; a forger who guesses
	WrongName Fault = "wrong-name" // the answer is about another name
	LowerCase Fault = "lower-case" // the question comes back in lower case
	Flood     Fault = "flood"      // a hundred answers with wrong ids come before the right one
	Garbage   Fault = "garbage"    // what comes by UDP is no message behind its header and question
	Stray     Fault = "stray"      // records that nobody asked for come along
	Lame      Fault = "lame"       // nothing but a referral to the root
	WrongPort Fault = "wrong-port" // the answer by UDP comes from another port
	NeverAll  Fault = "never-all"  // nothing but the TC bit, by UDP and by TCP
)

// All is the name under which Fault sets a fault for every name.
const All = ""

// Server is a running DNS server.
type Server struct {
	addr  netip.AddrPort
	zone  dns.Resolver
	udp   *mdns.Server
	tcp   *mdns.Server
	mu    sync.Mutex
	fault map[string]Fault
	asked []string
}

// Start starts a server that answers from the zone text and ends with the
// test. What the zone does not know does not exist.
func Start(t testing.TB, zone string) *Server {
	t.Helper()
	return StartOn(t, "127.0.0.1:0", zone)
}

// StartOn is Start at an address of one's own choice.
func StartOn(t testing.TB, addr, zone string) *Server {
	t.Helper()
	resolver, err := dns.Zone(strings.NewReader(zone), "zone")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{zone: resolver, fault: make(map[string]Fault)}
	packets, listener := listen(t, addr)
	s.addr = packets.LocalAddr().(*net.UDPAddr).AddrPort()
	handler := mdns.HandlerFunc(s.serve)
	s.udp = &mdns.Server{PacketConn: packets, Handler: handler}
	s.tcp = &mdns.Server{Listener: listener, Handler: handler}
	done := make(chan struct{}, 2)
	for _, server := range []*mdns.Server{s.udp, s.tcp} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() {
			server.ActivateAndServe()
			done <- struct{}{}
		}()
		<-started
	}
	t.Cleanup(func() {
		s.udp.Shutdown()
		s.tcp.Shutdown()
		<-done
		<-done
	})
	return s
}

// listen finds a port that is free for both protocols.
func listen(t testing.TB, addr string) (net.PacketConn, net.Listener) {
	t.Helper()
	var err error
	for range 20 {
		var packets net.PacketConn
		if packets, err = net.ListenPacket("udp", addr); err != nil {
			continue
		}
		var listener net.Listener
		if listener, err = net.Listen("tcp", packets.LocalAddr().String()); err == nil {
			return packets, listener
		}
		packets.Close()
	}
	t.Fatalf("no port for DNS: %v", err)
	return nil, nil
}

// Addr returns where the server listens.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Resolver returns a resolver that asks this server, waiting half a second.
func (s *Server) Resolver() dns.Resolver {
	return dns.New(dns.Config{Servers: []netip.AddrPort{s.addr}, Try: time.Second / 2, Rounds: 1})
}

// Fault sets what goes wrong with a name from now on, All for every name.
func (s *Server) Fault(name string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault[name] = f
}

// Asked returns the questions so far, each as "name TYPE".
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

func (s *Server) note(q mdns.Question) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.ToLower(strings.TrimSuffix(q.Name, "."))
	s.asked = append(s.asked, name+" "+dns.Type(q.Qtype).String())
	if f, ok := s.fault[name]; ok {
		return f
	}
	return s.fault[All]
}

func (s *Server) serve(w mdns.ResponseWriter, q *mdns.Msg) {
	if len(q.Question) != 1 {
		return
	}
	m := s.answer(q)
	_, udp := w.LocalAddr().(*net.UDPAddr)
	fault := s.note(q.Question[0])
	switch fault {
	case Silent:
		return
	case Slow:
		time.Sleep(200 * time.Millisecond)
	}
	spoil(m, q, fault)
	if udp {
		s.overUDP(w, m, q, fault)
		return
	}
	w.WriteMsg(m)
}

// spoil changes the message as the fault does with both protocols.
func spoil(m, q *mdns.Msg, f Fault) {
	switch f {
	case ServFail:
		fail(m, mdns.RcodeServerFailure)
	case Refused:
		fail(m, mdns.RcodeRefused)
	case Bogus:
		fail(m, mdns.RcodeServerFailure)
		explain(m)
	case NoEDNS:
		if q.IsEdns0() != nil {
			fail(m, mdns.RcodeFormatError)
		}
	case WrongName:
		m.Question[0].Name = "forged." + m.Question[0].Name
	case Stray:
		rr, _ := mdns.NewRR("stray.example. 60 IN A 192.0.2.66")
		m.Answer = append(m.Answer, rr)
	case Lame:
		rr, _ := mdns.NewRR(". 60 IN NS a.root.example.")
		fail(m, mdns.RcodeSuccess)
		m.Ns, m.RecursionAvailable = []mdns.RR{rr}, false
	case NeverAll:
		m.Answer, m.Truncated = nil, true
	}
}

func (s *Server) overUDP(w mdns.ResponseWriter, m, q *mdns.Msg, f Fault) {
	switch f {
	case Truncate:
		m.Answer, m.Truncated = nil, true
	case WrongID:
		m.Id++
	case LowerCase:
		m.Question[0].Name = strings.ToLower(m.Question[0].Name)
	case Flood:
		wrong := m.Copy()
		for range 100 {
			wrong.Id++
			w.WriteMsg(wrong)
		}
	case Garbage:
		m.Answer = nil
		raw, _ := m.Pack()
		raw[7] = 9 // records that are not there
		w.Write(append(raw, 0xff))
		return
	case WrongPort:
		fromElsewhere(w.RemoteAddr(), m)
		return
	case NeverAll:
		w.WriteMsg(m)
		return
	}
	size := mdns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		size = int(opt.UDPSize())
	}
	m.Truncate(size)
	w.WriteMsg(m)
}

// fromElsewhere sends a message from a port that nobody has asked.
func fromElsewhere(to net.Addr, m *mdns.Msg) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return
	}
	defer conn.Close()
	raw, _ := m.Pack()
	conn.WriteTo(raw, to)
}

// answer is what an honest server says.
func (s *Server) answer(q *mdns.Msg) *mdns.Msg {
	m := new(mdns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	if q.IsEdns0() != nil {
		m.SetEdns0(1232, false)
	}
	question := q.Question[0]
	name := strings.TrimSuffix(question.Name, ".")
	a, err := s.zone.Query(context.Background(), dns.Unescape(name), dns.Type(question.Qtype))
	if e, ok := errors.AsType[*dns.Error](err); ok {
		refuse(m, e)
		return m
	}
	m.AuthenticatedData = a.Authentic
	for _, r := range a.Aliases {
		add(m, r)
	}
	for _, r := range a.Records {
		add(m, r)
	}
	return m
}

// negativeTTL is how long our SOA records let it be kept that there is nothing.
const negativeTTL = "60"

func refuse(m *mdns.Msg, e *dns.Error) {
	switch {
	case e.Kind == dns.ErrBogus:
		fail(m, mdns.RcodeServerFailure)
		explain(m)
		return
	case e.Kind == dns.ErrTemporary:
		fail(m, mdns.RcodeServerFailure)
		return
	case e.NoName:
		m.Rcode = mdns.RcodeNameError
	}
	for _, r := range e.Aliases {
		add(m, r)
	}
	soa, _ := mdns.NewRR(". " + negativeTTL + " IN SOA ns.invalid. root.invalid. 1 60 60 60 " + negativeTTL)
	m.Ns = append(m.Ns, soa)
}

func fail(m *mdns.Msg, rcode int) {
	m.Rcode = rcode
	m.Answer = nil
}

// explain adds the extended error "DNSSEC bogus" (RFC 8914 4.7).
func explain(m *mdns.Msg) {
	if opt := m.IsEdns0(); opt != nil {
		opt.Option = append(opt.Option, &mdns.EDNS0_EDE{InfoCode: mdns.ExtendedErrorCodeDNSBogus})
	}
}

func add(m *mdns.Msg, r dns.Record) {
	rr, err := mdns.NewRR(". 0 IN " + r.Type.String() + " " + r.Data)
	if err != nil || rr == nil {
		fail(m, mdns.RcodeServerFailure)
		return
	}
	*rr.Header() = mdns.RR_Header{
		Name: mdns.Fqdn(r.Name), Rrtype: uint16(r.Type), Class: mdns.ClassINET, Ttl: uint32(r.TTL / time.Second),
	}
	m.Answer = append(m.Answer, rr)
}
