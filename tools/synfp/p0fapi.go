package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
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

	p0fString     = 32   // octets of a string's field
	p0fFuzzy      = 1    // os_match_q of a signature that is nearly right
	p0fRough      = 2    // and of one that is generic
	p0fNoDistance = 0xff // for which its README has -1
)

// Places in the answer.
const (
	atStatus, atFirst, atLast, atTotal = 4, 8, 12, 16
	atDistance, atQuality              = 36, 39
	atName, atFlavor, atLink           = 40, 72, 168
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
	if e.Uint32(q[:]) != magicAsk {
		return reply, nil // p0f's own answer is of zeros, too
	}
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
	c.putSystem(reply, &s)
	return reply, nil
}

func putTime(to []byte, t time.Time) { binary.NativeEndian.PutUint32(to, uint32(t.Unix())) }

// putSystem writes what the SYN tells: the system, when it is known, the
// distance, and the kind of link.
func (c *collector) putSystem(reply []byte, s *synfp.SYN) {
	system, ok := c.db.NameSYN(s, c.mtu)
	hops := int16(system.Hops(&s.Fingerprint))
	if ok && system.TTL == 0 {
		hops = p0fNoDistance
	}
	binary.NativeEndian.PutUint16(reply[atDistance:], uint16(hops))
	if system.Tool { // which p0f does not count as a system
		return
	}
	putString(reply[atLink:], c.db.Link(s))
	putString(reply[atName:], system.Name)
	putString(reply[atFlavor:], system.Version)
	if system.Fuzzy {
		reply[atQuality] |= p0fFuzzy
	}
	if system.Group {
		reply[atQuality] |= p0fRough
	}
}

// putString writes a string, cut to its field, where p0f leaves no NUL either.
func putString(to []byte, s string) {
	copy(to[:p0fString], strings.ToValidUTF8(s[:min(len(s), p0fString)], ""))
}

// p0fAddress is the address that is asked about.
func p0fAddress(q [p0fQuestion]byte) (a netip.Addr, ok bool) {
	switch q[4] {
	case 4:
		return netip.AddrFrom4([4]byte(q[5:])), true
	case 6:
		return netip.AddrFrom16([16]byte(q[5:])).Unmap(), true
	}
	return a, false
}
