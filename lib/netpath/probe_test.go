package netpath

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
)

// probers are one of each kind.
func probers() map[string]prober {
	four, six := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("[2001:db8::1]:4000")
	return map[string]prober{
		"UDP": newUDPProber(), "ICMP": newEchoProber(false), "ICMPv6": newEchoProber(true),
		"TCP": newSYNProber(four, netip.MustParseAddrPort("192.0.2.2:25")), "TCP over IPv6": newSYNProber(six, netip.MustParseAddrPort("[2001:db8::2]:25")),
	}
}

// TestProbesAreKnownAgain: each mark is found in a quote of the whole probe, and
// where routers quote 8 octets of ICMP or TCP.
func TestProbesAreKnownAgain(t *testing.T) {
	for name, p := range probers() {
		other := probers()[name]
		for n := range MaxHops * Tries {
			m := numbered(n)
			b := p.probe(m)
			if got, ok := p.quoted(b); got != m || !ok {
				t.Errorf("%s: %v is read as %v, %v", name, m, got, ok)
			}
			if got, ok := other.quoted(b); ok && name != "TCP" && name != "TCP over IPv6" {
				t.Errorf("%s: %v of another path is read as %v", name, m, got)
			}
			if got, ok := p.quoted(b[:8]); name != "UDP" && (got != m || !ok) {
				t.Errorf("%s: 8 octets of %v are read as %v, %v", name, m, got, ok)
			}
		}
		if got, ok := p.quoted(nil); name == "UDP" && (got != unknown || !ok) {
			t.Errorf("no octet behind the header of UDP is read as %v, %v", got, ok)
		}
	}
}

// TestForgedMarks: who has seen the probes that come as far as a host does not
// know those that end before, and so cannot answer for routers in front of it, or
// be nearer than it is.
func TestForgedMarks(t *testing.T) {
	for name, p := range probers() {
		forged := 0
		for ttl := range MaxHops - 1 {
			nearer := mark{ttl + 1, 0}
			b := p.probe(mark{ttl + 2, 0})
			switch p.(type) {
			case *udpProber:
				binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)-Tries)
			case *echoProber:
				seq := binary.BigEndian.Uint16(b[6:]) - Tries
				binary.BigEndian.PutUint16(b[6:], seq)
				binary.BigEndian.PutUint16(b[8:], ^seq)
			case *synProber:
				binary.BigEndian.PutUint32(b[4:], binary.BigEndian.Uint32(b[4:])-Tries)
			}
			if got, ok := p.quoted(b); ok && got == nearer {
				forged++
			}
		}
		if forged > 1 { // one may be by chance
			t.Errorf("%s: %d marks can be told from others", name, forged)
		}
	}
}

// TestForgedQuotes: a quote of which any octet that routers leave alone is
// another is not of our probe.
func TestForgedQuotes(t *testing.T) {
	octets := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	echo := []int{0, 4, 5, 10, 11, 12, 13, 14, 15, 16, 17} // not the sequence number, of which others are ours
	compared := map[string][]int{"UDP": octets, "TCP": octets[:8], "TCP over IPv6": octets[:8], "ICMP": echo, "ICMPv6": echo}
	for name, p := range probers() {
		for _, i := range compared[name] {
			b := p.probe(mark{7, 1})
			b[i] ^= 0x80
			if got, ok := p.quoted(b); ok {
				t.Errorf("%s: with another octet %d: %v", name, i, got)
			}
		}
	}
}

// TestSerials: each probe has its own lower half.
func TestSerials(t *testing.T) {
	for range 100 {
		s := newSerials()
		for i, n := range s {
			if m, ok := s.find16(uint16(n)); !ok || m != numbered(i) {
				t.Fatalf("%v is found as %v, %v", numbered(i), m, ok)
			}
		}
	}
	s := serials{1, 2, 3}
	if m, ok := s.find16(4); ok {
		t.Errorf("no number is found as %v", m)
	}
}

// TestOneFlow: what routers spread load by is the same in all probes of a path:
// the ports, and the checksum and identifier of ICMP, which RFC 792 has where
// TCP and UDP have ports.
func TestOneFlow(t *testing.T) {
	for name, p := range probers() {
		if name == "UDP" { // the kernel writes its ports, which are the socket's
			continue
		}
		flow := append([]byte(nil), p.probe(mark{1, 0})[:4]...)
		for n := range MaxHops * Tries {
			m := numbered(n)
			b := p.probe(m)
			if !bytes.Equal(b[:4], flow) {
				t.Errorf("%s: the first octets of %v are %x, of the first %x", name, m, b[:4], flow)
			}
			if name == "ICMP" && checksum(0, b) != 0 {
				t.Errorf("the checksum of %v is wrong: %x", m, b)
			}
		}
	}
}

// TestChecksumOfTCP: with its checksum the sum of a segment is zero (RFC 1071).
func TestChecksumOfTCP(t *testing.T) {
	p := probers()["TCP"].(*synProber)
	b := p.probe(mark{1, 0})
	if sum := checksum(p.pseudoHeader(), b); sum != 0 {
		t.Errorf("the sum of all is %x", sum)
	}
}

// TestReplies: what hosts answer, and what only looks like it.
func TestReplies(t *testing.T) {
	list := probers()
	echo, echo6, syn := list["ICMP"].(*echoProber), list["ICMPv6"].(*echoProber), list["TCP"].(*synProber)
	m := mark{7, 1}
	answerTo := func(e *echoProber, typ byte) []byte {
		b := e.probe(m)
		b[0] = typ
		return b
	}
	segment := func(flags byte, ack uint32, from, to uint16) []byte {
		b := make([]byte, tcpHeader)
		binary.BigEndian.PutUint16(b, from)
		binary.BigEndian.PutUint16(b[2:], to)
		binary.BigEndian.PutUint32(b[8:], syn.numbers[m.number()]+ack)
		b[13] = flags
		return b
	}
	foreign := answerTo(echo, 0)
	foreign[len(foreign)-1]++
	stranger := answerTo(echo, 0)
	stranger[4]++
	coded := answerTo(echo, 0)
	coded[1]++
	unasked := answerTo(echo, 0)
	binary.BigEndian.PutUint16(unasked[6:], unused(&echo.numbers))
	for _, tt := range []struct {
		name string
		p    prober
		b    []byte
		want string
	}{
		{"echo reply", echo, answerTo(echo, 0), "echo reply"},
		{"our own request", echo, answerTo(echo, 8), ""},
		{"another nonce", echo, foreign, ""},
		{"another identifier", echo, stranger, ""},
		{"with a code", echo, coded, ""},
		{"another sequence number", echo, unasked, ""},
		{"half a reply", echo, answerTo(echo, 0)[:12], ""},
		{"echo reply of ICMPv6", echo6, answerTo(echo6, 129), "echo reply"},
		{"that of ICMP", echo6, answerTo(echo6, 0), ""},
		{"SYN-ACK", syn, segment(0x12, 1, 25, 4000), "SYN-ACK"},
		{"RST", syn, segment(0x14, 1, 25, 4000), "RST"},
		{"RST without ACK", syn, segment(0x04, 1, 25, 4000), ""},
		{"a challenge", syn, segment(0x10, 1, 25, 4000), ""},
		{"another number", syn, segment(0x12, 1000, 25, 4000), ""},
		{"another port", syn, segment(0x12, 1, 26, 4000), ""},
		{"another connection", syn, segment(0x12, 1, 25, 4001), ""},
		{"half a segment", syn, segment(0x12, 1, 25, 4000)[:19], ""},
		{"a datagram", list["UDP"], []byte("x"), ""},
	} {
		got, says, ok := tt.p.replied(tt.b)
		if ok != (tt.want != "") || ok && (got != m || says.String() != tt.want) {
			t.Errorf("%s: got %v, %v, %v", tt.name, ok, got, says)
		}
	}
}

// unused is a number that no probe has.
func unused(s *serials) (n uint16) {
	for {
		if _, ok := s.find16(n); !ok {
			return n
		}
		n++
	}
}

func TestBehindHeader(t *testing.T) {
	header := append([]byte{0x46}, make([]byte, 23)...)
	for _, tt := range []struct {
		b    []byte
		want int
	}{
		{append(header, 1, 2, 3), 3}, {header, 0}, {header[:23], -1}, {nil, -1}, {[]byte{0x60, 1, 2}, -1}, {append([]byte{0x44}, make([]byte, 40)...), -1},
	} {
		rest, ok := behindHeader(tt.b)
		if ok != (tt.want >= 0) || ok && len(rest) != tt.want {
			t.Errorf("%x: got %x, %v", tt.b, rest, ok)
		}
	}
}

// FuzzQuoted: whatever is quoted, and whatever a host sends, gives a mark that
// was made, or none.
func FuzzQuoted(f *testing.F) {
	list := probers()
	for _, p := range list {
		f.Add(p.probe(mark{1, 0}))
		f.Add(p.probe(mark{MaxHops, Tries - 1})[:8])
	}
	f.Add(append([]byte{0x45}, make([]byte, 47)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, p := range list {
			m, ok := p.quoted(b)
			if ok && m != unknown && numbered(m.number()) != m {
				t.Errorf("%s: quoted %v", name, m)
			}
			m, says, ok := p.replied(b)
			if ok && numbered(m.number()) != m {
				t.Errorf("%s: replied %v", name, m)
			}
			if end, known := says.end(); ok && (!known || end != Reached) {
				t.Errorf("%s: a reply says %v", name, says)
			}
		}
		if rest, ok := behindHeader(b); ok && len(rest) > len(b)-20 {
			t.Errorf("%x behind the header of %x", rest, b)
		}
	})
}
