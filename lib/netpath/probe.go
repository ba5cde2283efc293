package netpath

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"slices"
)

// mark tells one probe of a path from another.
type mark struct{ ttl, try int }

// unknown is the mark in an answer that quotes too little of the probe.
var unknown = mark{}

// number is the mark as one of MaxHops*Tries numbers.
func (m mark) number() int { return (m.ttl-1)*Tries + m.try }

// numbered is the mark that has a number; no number is that of unknown.
func numbered(n int) mark {
	if n < 0 {
		return unknown
	}
	return mark{n/Tries + 1, n % Tries}
}

// prober makes the probes of one path and knows them again. What routers look
// at to spread load is the same in all of them.
type prober interface {
	// probe is what is sent of a probe, from the header of its protocol on.
	probe(mark) []byte
	// quoted finds the mark in as much of a probe as an ICMP error quotes.
	quoted([]byte) (mark, bool)
	// replied finds the mark, and what is said, in a packet from the host.
	replied([]byte) (mark, Message, bool)
}

const nonceSize = 8

// newNonce is a number by which forged answers are told.
func newNonce() (n [nonceSize]byte) {
	_, _ = rand.Read(n[:]) // does not fail
	return n
}

// serials are the numbers of the probes of one path. They are drawn by lot: the
// host sees those of the probes that reach it, and is not to know others, by
// which it could answer for the routers, or be nearer than it is. The lower half
// of each, too, is of that mark alone.
type serials [MaxHops * Tries]uint32

func newSerials() (s serials) {
	var lots [len(s) * 4]byte
	_, _ = rand.Read(lots[:]) // does not fail
	for i := range s {
		n := binary.BigEndian.Uint32(lots[4*i:])
		for slices.ContainsFunc(s[:i], func(other uint32) bool { return uint16(other) == uint16(n) }) {
			n++
		}
		s[i] = n
	}
	return s
}

// find is the mark of a number.
func (s *serials) find(n uint32) (mark, bool) {
	i := slices.Index(s[:], n)
	return numbered(i), i >= 0
}

// find16 is the mark of the lower half of a number.
func (s *serials) find16(n uint16) (mark, bool) {
	i := slices.IndexFunc(s[:], func(own uint32) bool { return uint16(own) == n })
	return numbered(i), i >= 0
}

// udpProber makes datagrams whose payload is a number and a nonce; the kernel
// writes the header and keeps it when it is quoted. So answers of routers that
// keep to the eight octets which RFC 792 asks for show no mark.
type udpProber struct {
	numbers serials
	nonce   [nonceSize]byte
}

const udpSize = 4 + nonceSize

func newUDPProber() *udpProber { return &udpProber{newSerials(), newNonce()} }

func (u *udpProber) probe(m mark) []byte {
	b := binary.BigEndian.AppendUint32(nil, u.numbers[m.number()])
	return append(b, u.nonce[:]...)
}

func (u *udpProber) quoted(b []byte) (mark, bool) {
	if len(b) < udpSize {
		return unknown, len(b) == 0
	}
	m, ok := u.numbers.find(binary.BigEndian.Uint32(b))
	return m, ok && bytes.Equal(b[4:udpSize], u.nonce[:])
}

func (u *udpProber) replied([]byte) (mark, Message, bool) { return unknown, Message{}, false }

// echoProber makes echo requests of ICMP (RFC 792) or ICMPv6 (RFC 4443 4.1),
// told apart by their sequence number. Behind it stands its complement, so that
// the checksum, which some routers spread load by, is always the same.
type echoProber struct {
	six     bool
	id      uint16
	any     bool // the kernel gives the identifier, and compares it
	numbers serials
	nonce   [nonceSize]byte
}

const (
	echoHeader   = 8
	echoRequest  = 8
	echoRequest6 = 128
)

func newEchoProber(six bool) *echoProber {
	n := newNonce()
	return &echoProber{
		six: six, id: binary.BigEndian.Uint16(n[:]), numbers: newSerials(), nonce: newNonce(),
	}
}

func (e *echoProber) probe(m mark) []byte {
	b := make([]byte, echoHeader, echoHeader+2+nonceSize)
	if b[0] = echoRequest; e.six {
		b[0] = echoRequest6
	}
	seq := uint16(e.numbers[m.number()])
	binary.BigEndian.PutUint16(b[4:], e.id)
	binary.BigEndian.PutUint16(b[6:], seq)
	b = binary.BigEndian.AppendUint16(b, ^seq)
	b = append(b, e.nonce[:]...)
	if !e.six { // the kernel knows the addresses that are summed, too
		binary.BigEndian.PutUint16(b[2:], checksum(0, b))
	}
	return b
}

func (e *echoProber) quoted(b []byte) (mark, bool) {
	request := byte(echoRequest)
	if e.six {
		request = echoRequest6
	}
	if len(b) < echoHeader || b[0] != request {
		return unknown, false
	}
	return e.mark(b)
}

// mark reads the sequence number, and compares as much of the rest as there is.
func (e *echoProber) mark(b []byte) (mark, bool) {
	m, ok := e.numbers.find16(binary.BigEndian.Uint16(b[6:]))
	ours := e.any || binary.BigEndian.Uint16(b[4:]) == e.id
	rest := b[min(echoHeader+2, len(b)):]
	n := min(len(rest), nonceSize)
	return m, ok && ours && bytes.Equal(rest[:n], e.nonce[:n])
}

func (e *echoProber) replied(b []byte) (mark, Message, bool) {
	says := Message{ICMPv4, echoReply, 0}
	if e.six {
		says = Message{ICMPv6, echoReply6, 0}
	}
	if len(b) < echoHeader+2+nonceSize || b[0] != says.Type || b[1] != 0 {
		return unknown, Message{}, false
	}
	m, ok := e.mark(b)
	return m, says, ok
}

// synProber makes SYNs of TCP (RFC 9293), told apart by their sequence numbers,
// which are quoted, and acknowledged by the host.
type synProber struct {
	from, to netip.AddrPort
	numbers  serials
}

const (
	tcpHeader = 20
	synSize   = tcpHeader + 4 // with the segment size
	synWindow = 64240
	synMSS    = 1460
)

func newSYNProber(from, to netip.AddrPort) *synProber {
	return &synProber{from, to, newSerials()}
}

func (s *synProber) probe(m mark) []byte {
	b := make([]byte, synSize)
	binary.BigEndian.PutUint16(b, s.from.Port())
	binary.BigEndian.PutUint16(b[2:], s.to.Port())
	binary.BigEndian.PutUint32(b[4:], s.numbers[m.number()])
	b[12], b[13] = synSize/4<<4, flagSYN
	binary.BigEndian.PutUint16(b[14:], synWindow)
	b[20], b[21] = 2, 4 // maximum segment size (RFC 9293 3.7.1)
	binary.BigEndian.PutUint16(b[22:], synMSS)
	binary.BigEndian.PutUint16(b[16:], checksum(s.pseudoHeader(), b))
	return b
}

// pseudoHeader is the sum of what the checksum covers besides the segment (RFC
// 9293 3.1, RFC 8200 8.1).
func (s *synProber) pseudoHeader() uint32 {
	const protocol = 6
	b := append(s.from.Addr().AsSlice(), s.to.Addr().AsSlice()...)
	return sum16(protocol+synSize, b)
}

func (s *synProber) quoted(b []byte) (mark, bool) {
	if len(b) < 8 || !s.between(b, s.from.Port(), s.to.Port()) {
		return unknown, false
	}
	return s.numbers.find(binary.BigEndian.Uint32(b[4:]))
}

func (s *synProber) replied(b []byte) (mark, Message, bool) {
	if len(b) < tcpHeader || !s.between(b, s.to.Port(), s.from.Port()) {
		return unknown, Message{}, false
	}
	flags := b[13] & (flagSYN | flagRST | flagACK)
	m, ok := s.numbers.find(binary.BigEndian.Uint32(b[8:]) - 1)
	ok = ok && (flags == flagSYN|flagACK || flags == flagRST|flagACK)
	return m, Message{Protocol: FromTCP, Type: flags}, ok
}

// between compares the ports.
func (s *synProber) between(b []byte, from, to uint16) bool {
	return binary.BigEndian.Uint16(b) == from && binary.BigEndian.Uint16(b[2:]) == to
}

// checksum is that of RFC 1071, of what was summed before and b.
func checksum(sum uint32, b []byte) uint16 {
	sum = sum16(sum, b)
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// sum16 adds b's pairs of octets.
func sum16(sum uint32, b []byte) uint32 {
	for i := 0; i < len(b); i += 2 {
		sum += uint32(b[i]) << 8
		if i+1 < len(b) {
			sum += uint32(b[i+1])
		}
	}
	return sum
}

// behindHeader is what stands behind the header of IPv4 (RFC 791 3.1).
func behindHeader(b []byte) ([]byte, bool) {
	if len(b) == 0 || b[0]>>4 != 4 {
		return nil, false
	}
	size := int(b[0]&15) * 4
	if size < 20 || len(b) < size {
		return nil, false
	}
	return b[size:], true
}
