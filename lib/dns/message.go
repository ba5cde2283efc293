package dns

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// Codes of answers (RFC 1035 4.1.1).
const (
	rcodeSuccess        = 0
	rcodeFormatError    = 1
	rcodeServerFailure  = 2
	rcodeNameError      = 3
	rcodeNotImplemented = 4
	rcodeRefused        = 5
)

// optionEDE is the EDNS option for extended errors (RFC 8914 2).
const optionEDE = 15

var errUnreadable = errors.New("answers in a form that cannot be read")

// message is an answer as it came, read as far as the walk through its records
// goes. Their data is read when it is wanted.
type message struct {
	raw       []byte
	rcode     int // with the upper bits of EDNS
	truncated bool
	authentic bool
	bogus     bool          // SERVFAIL, and the reason is DNSSEC
	answers   int           // where the answer section begins
	count     int           // records in it
	negative  time.Duration // how long a "not found" may be kept (RFC 2308 5)
	refers    bool          // the authority section has NS records
	denies    bool          // the authority section has an SOA record
}

// resource is one record's place in a message.
type resource struct {
	name, data, end int // offsets
	t, class        uint16
	ttl             uint32
}

// parseMessage walks through all sections. What is cut off behind the TC bit is
// no error.
func parseMessage(raw []byte) (message, error) {
	m := message{raw: raw}
	if len(raw) < headerSize {
		return m, errUnreadable
	}
	m.truncated = raw[2]&flagTC != 0
	m.authentic = raw[3]&flagAD != 0
	m.rcode = int(raw[3] & 15)
	m.count = m.counter(6)
	err := m.walk()
	if m.truncated {
		err = nil
	}
	return m, err
}

// counter reads one of the header's counts.
func (m *message) counter(off int) int { return int(binary.BigEndian.Uint16(m.raw[off:])) }

func (m *message) walk() error {
	off := headerSize
	for range m.counter(4) {
		end, ok := skipName(m.raw, off)
		if off = end + 4; !ok || off > len(m.raw) {
			return errUnreadable
		}
	}
	m.answers = off
	records := m.count + m.counter(8)
	for i := range records + m.counter(10) {
		r, ok := m.resource(off)
		if !ok {
			return errUnreadable
		}
		switch {
		case i < m.count:
		case i < records:
			m.authority(r)
		case r.t == typeOPT:
			m.edns(r)
		}
		off = r.end
	}
	return nil
}

// resource reads the fixed part of the record at off.
func (m *message) resource(off int) (r resource, ok bool) {
	r.name = off
	off, ok = skipName(m.raw, off)
	const fixed = 10 // type, class, TTL, length of the data
	if !ok || off+fixed > len(m.raw) {
		return r, false
	}
	r.t = binary.BigEndian.Uint16(m.raw[off:])
	r.class = binary.BigEndian.Uint16(m.raw[off+2:])
	r.ttl = binary.BigEndian.Uint32(m.raw[off+4:])
	if r.ttl > 1<<31-1 {
		r.ttl = 0 // RFC 2181 8
	}
	if r.t == typeOPT {
		r.ttl = binary.BigEndian.Uint32(m.raw[off+4:]) // flags
	}
	r.data = off + fixed
	r.end = r.data + int(binary.BigEndian.Uint16(m.raw[off+8:]))
	return r, r.end <= len(m.raw)
}

// authority learns from a SOA record how long it holds that there is nothing.
func (m *message) authority(r resource) {
	const fixed = 20 // five numbers behind two names, the last is MINIMUM
	m.refers = m.refers || Type(r.t) == TypeNS
	if Type(r.t) == TypeSOA && r.end-r.data > fixed {
		m.denies = true
		minimum := binary.BigEndian.Uint32(m.raw[r.end-4:])
		m.negative = time.Duration(min(r.ttl, minimum)) * time.Second
	}
}

// lame tells that the server is of no use for this name: it knows nothing of it, does
// not ask others, and only names servers that may know (RFC 2308 2.2, RFC 1912 2.8).
func (m *message) lame() bool {
	return m.rcode == rcodeSuccess && m.count == 0 && m.refers && !m.denies && m.raw[3]&flagRA == 0
}

// misunderstood tells that the server could not read the question.
func (m *message) misunderstood() bool {
	return m.rcode == rcodeFormatError || m.rcode == rcodeNotImplemented
}

// edns reads the OPT record (RFC 6891 6.1.3) and its extended errors.
func (m *message) edns(r resource) {
	m.rcode |= int(r.ttl>>24) << 4
	options := m.raw[r.data:r.end]
	for len(options) >= 4 {
		code, size := binary.BigEndian.Uint16(options), int(binary.BigEndian.Uint16(options[2:]))
		options = options[4:]
		if size > len(options) {
			return
		}
		if code == optionEDE && size >= 2 && m.rcode == rcodeServerFailure {
			m.bogus = m.bogus || bogusCode(binary.BigEndian.Uint16(options))
		}
		options = options[size:]
	}
}

// bogusCode tells the extended errors (RFC 8914 4) with which a validating
// server says that a zone's signatures are wrong or missing.
func bogusCode(code uint16) bool {
	switch code {
	case 6, // DNSSEC Bogus
		7,  // Signature Expired
		8,  // Signature Not Yet Valid
		9,  // DNSKEY Missing
		10, // RRSIGs Missing
		11, // No Zone Key Bit Set
		12: // NSEC Missing
		return true
	}
	return false
}

// skipName returns where the name at off ends. Pointers (RFC 1035 4.1.4) are
// not followed.
func skipName(raw []byte, off int) (end int, ok bool) {
	for off < len(raw) {
		switch c := raw[off]; {
		case c == 0:
			return off + 1, true
		case c >= 0xc0:
			return off + 2, off+2 <= len(raw)
		case c > maxLabel:
			return 0, false
		default:
			off += 1 + int(c)
		}
	}
	return 0, false
}

// maxPointers is how many pointers a name may be made of: one a label.
const maxPointers = 126

// appendName appends the name at off in the form of zone files, with its final
// dot, and returns where it ends.
func appendName(b, raw []byte, off int) (name []byte, end int, ok bool) {
	end, ok = skipName(raw, off)
	size := 0
	for pointers := 0; ok && off < len(raw); {
		c := int(raw[off])
		switch {
		case c == 0 && size == 0:
			return append(b, '.'), end, true
		case c == 0:
			return b, end, true
		case c >= 0xc0 && off+1 < len(raw) && pointers < maxPointers:
			off = (c&0x3f)<<8 | int(raw[off+1])
			pointers++
			continue
		case c > maxLabel || off+1+c > len(raw):
			return b, 0, false
		}
		if size += 1 + c; size > maxName+1 {
			return b, 0, false
		}
		b = appendLabel(b, raw[off+1:off+1+c])
		off += 1 + c
	}
	return b, 0, false
}

func appendLabel(b, label []byte) []byte {
	return append(appendOctets(b, label), '.')
}

// appendOctets appends octets as one word.
func appendOctets(b, s []byte) []byte {
	for _, c := range s {
		b = appendOctet(b, c)
	}
	return b
}

// appendOctet appends an octet of a word, a label say, escaped where it has to be.
func appendOctet(b []byte, c byte) []byte {
	switch {
	case c == '.' || strings.IndexByte(special, c) >= 0:
		return append(b, '\\', c)
	case c < ' ' || c > '~':
		return appendEscape(b, c)
	}
	return append(b, c)
}

// appendEscape appends \DDD.
func appendEscape(b []byte, c byte) []byte {
	return append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
}
