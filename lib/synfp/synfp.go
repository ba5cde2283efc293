// Package synfp knows operating systems by the first packet that they send
// over a TCP connection, the SYN. What is characteristic of one is written
// down as a fingerprint, a line of five fields:
//
//	wwww:ttt:D:ss:OOO
//
//	wwww  window (RFC 9293 3.1), decimal
//	ttt   time to live as it was received, the hop limit of IPv6
//	D     1 when the packet must not be fragmented; always so with IPv6
//	ss    octets of the packet, headers and all
//	OOO   TCP options in their order, with commas between them; "." for none
//
// Options are N for a no-operation, Mn the maximum segment size, Wn the shift
// of window scaling, S that selective acknowledgements are permitted, T a
// timestamp, T0 a timestamp of zero, E the end of the list, and ?n any other
// option, or a malformed one, of kind n. So a Linux host says
//
//	64240:64:1:60:M1460,S,T,N,W7
//
// It is the left half of a line of OpenBSD's pf.os(5). The package captures
// nothing: packets are brought to it.
package synfp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind is the kind of a TCP option (RFC 9293 3.1, RFC 7323, RFC 2018).
type Kind uint8

// Kinds of options that have a letter.
const (
	End       Kind = 0 // E
	Nop       Kind = 1 // N
	MSS       Kind = 2 // Mn
	Scale     Kind = 3 // Wn
	SACK      Kind = 4 // S
	Timestamp Kind = 8 // T, T0
)

// Option is a TCP option of a SYN.
type Option struct {
	Kind  Kind
	Value uint16 // of MSS and Scale; of Timestamp 0 or 1, which stands for all else
	Other bool   // written ?n, though its kind may have a letter: it is malformed
}

// Fingerprint is what a SYN tells of its sender.
type Fingerprint struct {
	Window  uint16
	TTL     uint8
	DF      bool
	Size    uint16
	Options []Option // at most MaxOptions
}

// Bounds of a fingerprint.
const (
	MaxOptions = 40  // of the 40 octets of a TCP header's options (RFC 9293 3.1) each may be one
	maxText    = 256 // octets of its text
)

// ErrFingerprint is the kind of error of Parse.
var ErrFingerprint = errors.New("no SYN fingerprint (window:ttl:df:size:options)")

// String is the form that Parse reads.
func (f *Fingerprint) String() string {
	b := make([]byte, 0, 64)
	b = append(strconv.AppendUint(b, uint64(f.Window), 10), ':')
	b = append(strconv.AppendUint(b, uint64(f.TTL), 10), ':')
	if f.DF {
		b = append(b, "1:"...)
	} else {
		b = append(b, "0:"...)
	}
	b = append(strconv.AppendUint(b, uint64(f.Size), 10), ':')
	if len(f.Options) == 0 {
		return string(append(b, '.'))
	}
	for i, o := range f.Options {
		if i > 0 {
			b = append(b, ',')
		}
		b = o.append(b)
	}
	return string(b)
}

func (o Option) append(b []byte) []byte {
	switch {
	case o.Other:
	case o.Kind == End:
		return append(b, 'E')
	case o.Kind == Nop:
		return append(b, 'N')
	case o.Kind == SACK:
		return append(b, 'S')
	case o.Kind == Timestamp && o.Value == 0:
		return append(b, "T0"...)
	case o.Kind == Timestamp:
		return append(b, 'T')
	case o.Kind == MSS:
		return strconv.AppendUint(append(b, 'M'), uint64(o.Value), 10)
	case o.Kind == Scale:
		return strconv.AppendUint(append(b, 'W'), uint64(o.Value), 10)
	}
	return strconv.AppendUint(append(b, '?'), uint64(o.Kind), 10)
}

// Parse reads a fingerprint. The error is ErrFingerprint.
func Parse(s string) (f Fingerprint, err error) {
	fields := strings.Split(s[:min(len(s), maxText+1)], ":")
	if len(s) > maxText || len(fields) != 5 {
		return f, fmt.Errorf("%.60q: %w", s, ErrFingerprint)
	}
	var bad bool
	number := func(s string, bits int) uint16 {
		n, ok := decimal(s, bits)
		bad = bad || !ok
		return n
	}
	f.Window, f.TTL = number(fields[0], 16), uint8(number(fields[1], 8))
	f.DF, f.Size = number(fields[2], 1) == 1, number(fields[3], 16)
	var ok bool
	if f.Options, ok = parseOptions(fields[4]); !ok || bad {
		return Fingerprint{}, fmt.Errorf("%.60q: %w", s, ErrFingerprint)
	}
	return f, nil
}

func parseOptions(s string) (list []Option, ok bool) {
	if s == "." {
		return nil, true
	}
	for word := range strings.SplitSeq(s, ",") {
		o, ok := parseOption(word)
		if !ok || len(list) == MaxOptions {
			return nil, false
		}
		list = append(list, o)
	}
	return list, true
}

func parseOption(word string) (o Option, ok bool) {
	if word == "" {
		return o, false
	}
	letter, rest := word[0], word[1:]
	switch letter {
	case 'E', 'N', 'S':
		return Option{Kind: plainKind(letter)}, rest == ""
	case 'T':
		if rest == "0" {
			return Option{Kind: Timestamp}, true
		}
		return Option{Kind: Timestamp, Value: 1}, rest == ""
	case 'M':
		o.Kind = MSS
		o.Value, ok = decimal(rest, 16)
	case 'W':
		o.Kind = Scale
		o.Value, ok = decimal(rest, 8)
	case '?':
		var n uint16
		n, ok = decimal(rest, 8)
		o = Option{Kind: Kind(n), Other: true}
	}
	return o, ok
}

// plainKind is the kind of a letter that has no number behind it.
func plainKind(letter byte) Kind {
	switch letter {
	case 'E':
		return End
	case 'S':
		return SACK
	}
	return Nop
}

// decimal reads a number as String writes it: digits alone, and no zero in
// front.
func decimal(s string, bits int) (uint16, bool) {
	n, err := strconv.ParseUint(s, 10, bits)
	return uint16(n), err == nil && (s == "0" || s[0] != '0' && s[0] != '+')
}

// MSS is the maximum segment size that the SYN announces; 0 when there is none.
func (f *Fingerprint) MSS() uint16 {
	for _, o := range f.Options {
		if o.Kind == MSS && !o.Other {
			return o.Value
		}
	}
	return 0
}

// IPv6 says whether it is of a packet of IPv6, by what of its size is left for
// the IP header. IPv4's is shorter, unless it had twenty octets of options,
// which no system sends.
func (f *Fingerprint) IPv6() bool {
	return int(f.Size)-tcpHeader-f.optionsSize() >= ip6Header
}

// optionsSize is the octets that the options take in the header, with padding.
func (f *Fingerprint) optionsSize() int {
	n := 0
	for _, o := range f.Options {
		switch {
		case o.Other:
			n += 2
		case o.Kind == MSS:
			n += 4
		case o.Kind == Scale:
			n += 3
		case o.Kind == SACK:
			n += 2
		case o.Kind == Timestamp:
			n += 10
		default:
			n++
		}
	}
	return (n + 3) &^ 3
}

// Hops estimates how many routers the packet has passed: what is missing of
// the time to live to the next value that systems begin with, which are 32, 64,
// 128 and 255.
func (f *Fingerprint) Hops() int {
	for _, start := range []int{32, 64, 128} {
		if int(f.TTL) <= start {
			return start - int(f.TTL)
		}
	}
	return 255 - int(f.TTL)
}
