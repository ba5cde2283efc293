package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net/netip"
	"time"

	"postern/lib/synfp"
)

// p0f's API (its README, section 4): a question of 21 octets and an answer of
// 232, numbers as the host has them.
const (
	p0fQuestion = 21
	p0fAnswer   = 232
	magicAsk    = 0x50304601
	magicSay    = 0x50304602

	p0fBad     = 0x00
	p0fOK      = 0x10
	p0fNoMatch = 0x20

	p0fString = 32 // octets of a string's field
	p0fRough  = 2  // os_match_q of a signature that is generic
)

// Places in the answer.
const (
	atStatus, atFirst, atLast, atTotal = 4, 8, 12, 16
	atDistance, atQuality              = 36, 39
	atName, atFlavor                   = 40, 72
)

// isP0f tells whether a question is one of p0f's by its first octet, with which
// no name of an attribute begins.
func isP0f(first byte) bool {
	var magic [4]byte
	binary.NativeEndian.PutUint32(magic[:], magicAsk)
	return first == magic[0]
}

// answerP0f answers a question of p0f's API. What only p0f finds out of later
// packets, such as uptimes, is left at zero, which is its word for unknown.
func (c *collector) answerP0f(in *bufio.Reader) ([]byte, error) {
	var q [p0fQuestion]byte
	if _, err := io.ReadFull(in, q[:]); err != nil {
		return nil, err
	}
	reply := make([]byte, p0fAnswer)
	e := binary.NativeEndian
	e.PutUint32(reply, magicSay)
	addr, ok := p0fAddress(q)
	if !ok {
		e.PutUint32(reply[atStatus:], p0fBad)
		return reply, nil
	}
	s, h, ok := c.host(addr)
	if !ok {
		e.PutUint32(reply[atStatus:], p0fNoMatch)
		return reply, nil
	}
	e.PutUint32(reply[atStatus:], p0fOK)
	putTime(reply[atFirst:], h.first)
	putTime(reply[atLast:], h.when)
	e.PutUint32(reply[atTotal:], h.total)
	e.PutUint16(reply[atDistance:], uint16(s.Hops()))
	c.putSystem(reply, &s.Fingerprint)
	return reply, nil
}

func putTime(to []byte, t time.Time) { binary.NativeEndian.PutUint32(to, uint32(t.Unix())) }

// putSystem writes name and version of the system, when it is known.
func (c *collector) putSystem(reply []byte, f *synfp.Fingerprint) {
	s, ok := c.db.Name(f, c.mtu)
	if !ok {
		return
	}
	if s.Group {
		reply[atQuality] = p0fRough
	}
	copy(reply[atName:atName+p0fString], cut(s.Name, p0fString))
	copy(reply[atFlavor:atFlavor+p0fString], cut(s.Version, p0fString))
}

// p0fAddress is the address that is asked about.
func p0fAddress(q [p0fQuestion]byte) (a netip.Addr, ok bool) {
	if binary.NativeEndian.Uint32(q[:]) != magicAsk {
		return a, false
	}
	switch q[4] {
	case 4:
		return netip.AddrFrom4([4]byte(q[5:])), true
	case 6:
		return netip.AddrFrom16([16]byte(q[5:])).Unmap(), true
	}
	return a, false
}
