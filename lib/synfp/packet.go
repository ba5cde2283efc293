package synfp

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
)

// SYN is a packet that opens a connection.
type SYN struct {
	Client, Server netip.AddrPort
	Sequence       uint32 // the same when it is sent again (RFC 9293 3.4)
	Fingerprint
	Traits
}

// Repeats says whether a SYN is one that was sent again, or seen twice.
func (s *SYN) Repeats(other *SYN) bool {
	return s.Client == other.Client && s.Server == other.Server && s.Sequence == other.Sequence
}

// IPv6 says whether it is of a packet of IPv6: by its addresses where they are
// known, since data that come with a SYN make it as long.
func (s *SYN) IPv6() bool {
	if s.Client.IsValid() {
		return s.Client.Addr().Is6()
	}
	return s.Fingerprint.IPv6()
}

// Lengths of headers without options (RFC 791 3.1, RFC 8200 3, RFC 9293 3.1).
const (
	ip4Header = 20
	ip6Header = 40
	tcpHeader = 20
)

// Errors of ParsePacket.
var (
	ErrShort  = errors.New("packet is cut short")
	ErrNotTCP = errors.New("no TCP packet")
	ErrNotSYN = errors.New("no SYN")
)

const (
	protocolTCP = 6
	flagFIN     = 0x01
	flagSYN     = 0x02
	flagRST     = 0x04
	flagPSH     = 0x08
	flagACK     = 0x10
	flagURG     = 0x20
)

// ParsePacket reads a SYN from an IP packet, of either version, as
// TCP_SAVED_SYN and captures have it. What stands behind the TCP header need
// not be there. The errors are ErrShort, ErrNotTCP, and ErrNotSYN for a TCP
// packet that does not open a connection, a second fragment among them.
func ParsePacket(p []byte) (SYN, error) {
	if len(p) == 0 {
		return SYN{}, ErrShort
	}
	switch p[0] >> 4 {
	case 4:
		return parseIP4(p)
	case 6:
		return parseIP6(p)
	}
	return SYN{}, ErrNotTCP
}

func parseIP4(p []byte) (s SYN, err error) {
	if len(p) < ip4Header {
		return s, ErrShort
	}
	header := int(p[0]&15) * 4
	switch {
	case header < ip4Header || len(p) < header:
		return s, ErrShort
	case p[9] != protocolTCP:
		return s, ErrNotTCP
	case binary.BigEndian.Uint16(p[6:])&0x1fff != 0:
		return s, ErrNotSYN // the header is in the first fragment
	}
	s.Size = binary.BigEndian.Uint16(p[2:])
	s.DF = p[6]&0x40 != 0
	s.TTL = p[8]
	s.Quirks = quirksIP4(p)
	s.IPOptions = uint8(header - ip4Header)
	return s, s.parseTCP(p[header:], int(s.Size)-header, netip.AddrFrom4([4]byte(p[12:])), netip.AddrFrom4([4]byte(p[16:])))
}

// maxExtensions bounds the extension headers that are passed over (RFC 8200 4).
const maxExtensions = 8

func parseIP6(p []byte) (s SYN, err error) {
	if len(p) < ip6Header {
		return s, ErrShort
	}
	s.Size = uint16(min(ip6Header+int(binary.BigEndian.Uint16(p[4:])), math.MaxUint16))
	s.DF = true
	s.TTL = p[7]
	s.Quirks = quirksIP6(p)
	rest, err := passExtensions(p[6], p[ip6Header:])
	if err != nil {
		return SYN{}, err
	}
	size := int(s.Size) - (len(p) - len(rest))
	return s, s.parseTCP(rest, size, netip.AddrFrom16([16]byte(p[8:])), netip.AddrFrom16([16]byte(p[24:])))
}

// passExtensions is what stands behind the extension headers, when it is TCP.
func passExtensions(next byte, p []byte) ([]byte, error) {
	for range maxExtensions {
		size := 0
		switch next {
		case protocolTCP:
			return p, nil
		case 0, 43, 60: // hop by hop, routing, destination
			if len(p) < 8 {
				return nil, ErrShort
			}
			size = 8 + int(p[1])*8
		case 44: // fragment
			if len(p) < 8 {
				return nil, ErrShort
			}
			if binary.BigEndian.Uint16(p[2:])&0xfff8 != 0 {
				return nil, ErrNotSYN
			}
			size = 8
		default:
			return nil, ErrNotTCP
		}
		if len(p) < size {
			return nil, ErrShort
		}
		next, p = p[0], p[size:]
	}
	return nil, ErrNotTCP
}

// parseTCP reads the TCP header. size is what IP says of the octets from there
// on, which need not all be there.
func (s *SYN) parseTCP(p []byte, size int, from, to netip.Addr) error {
	if len(p) < tcpHeader {
		return ErrShort
	}
	header := int(p[12]>>4) * 4
	switch {
	case p[13]&(flagSYN|flagACK|flagRST|flagFIN) != flagSYN:
		return ErrNotSYN
	case header < tcpHeader || len(p) < header:
		return ErrShort
	}
	s.Client = netip.AddrPortFrom(from.Unmap(), binary.BigEndian.Uint16(p))
	s.Server = netip.AddrPortFrom(to.Unmap(), binary.BigEndian.Uint16(p[2:]))
	s.Sequence = binary.BigEndian.Uint32(p[4:])
	s.Window = binary.BigEndian.Uint16(p[14:])
	s.Payload = size > header
	s.Quirks |= quirksTCP(p)
	s.readOptions(p[tcpHeader:header])
	s.Known = true
	return nil
}

// readOptions reads the options of a TCP header. A malformed option is the last.
func (s *SYN) readOptions(p []byte) {
	if len(p) == 0 {
		return
	}
	s.Options = make([]Option, 0, 8)
	for ended := false; len(p) > 0 && !ended; {
		kind, size := Kind(p[0]), 1
		if kind > Nop {
			if len(p) < 2 || p[1] < 2 || int(p[1]) > len(p) {
				s.Options = append(s.Options, Option{Kind: kind, Other: true})
				break
			}
			size = int(p[1])
		}
		o := readOption(kind, p[:size])
		s.Options = append(s.Options, o)
		if o == (Option{Kind: Timestamp, Value: o.Value}) && binary.BigEndian.Uint32(p[6:]) != 0 {
			s.Quirks |= quirkEcho
		}
		p = p[size:]
		ended = kind == End // what follows is padding
	}
	q, padding := quirksOptions(s.Options, p)
	s.Quirks |= q
	s.Padding = padding
}

// readOption reads one option, which is there to its end.
func readOption(kind Kind, p []byte) Option {
	switch {
	case kind == MSS && len(p) == 4:
		return Option{Kind: MSS, Value: binary.BigEndian.Uint16(p[2:])}
	case kind == Scale && len(p) == 3:
		return Option{Kind: Scale, Value: uint16(p[2])}
	case kind == Timestamp && len(p) == 10:
		return Option{Kind: Timestamp, Value: uint16(min(1, binary.BigEndian.Uint32(p[2:])))}
	case kind == SACK && len(p) == 2, kind <= Nop:
		return Option{Kind: kind}
	}
	return Option{Kind: kind, Other: true}
}
