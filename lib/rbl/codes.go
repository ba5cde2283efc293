package rbl

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Codes is a set of the addresses that lists answer.
type Codes struct {
	text string
	any  [][4]octets // an address has to match one of them
}

// octets is the set of values that one octet of an address may have.
type octets [256 / 64]uint64

func (o *octets) add(n uint8)      { o[n/64] |= 1 << (n % 64) }
func (o *octets) has(n uint8) bool { return o[n/64]&(1<<(n%64)) != 0 }

// maxPatterns bounds the patterns of one Codes.
const maxPatterns = 32

// ParseCodes reads which answers count: an address, in which each number may be
// a set in brackets of numbers and ranges,
//
//	127.0.0.2  127.0.0.[2..11]  127.0.[0;1].[2;4;9..11]
//
// as in Postfix; also a range without brackets at the end, 127.0.0.2..11, and
// several of all this with commas between them.
func ParseCodes(text string) (*Codes, error) {
	c := &Codes{text: text}
	for pattern := range strings.SplitSeq(text, ",") {
		p, err := parsePattern(pattern)
		if err != nil {
			return nil, err
		}
		if c.any = append(c.any, p); len(c.any) > maxPatterns {
			return nil, fmt.Errorf("more than %d patterns of answers", maxPatterns)
		}
	}
	return c, nil
}

// parsePattern reads four parts. Dots within brackets part nothing.
func parsePattern(text string) (p [4]octets, err error) {
	rest := text
	for i := range p {
		var part string
		switch {
		case strings.HasPrefix(rest, "["):
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return p, badCodes(text, `"[" without "]"`)
			}
			part, rest = rest[1:end], rest[end+1:]
		case i == 3:
			part, rest = rest, ""
		default:
			end := strings.IndexByte(rest, '.')
			if end < 0 {
				return p, badCodes(text, "it has less than four numbers")
			}
			part, rest = rest[:end], rest[end:]
		}
		if why := p[i].parse(part); why != "" {
			return p, badCodes(text, why)
		}
		var dot bool
		if rest, dot = strings.CutPrefix(rest, "."); dot != (i < 3) {
			return p, badCodes(text, "it has not four numbers")
		}
	}
	if rest != "" {
		return p, badCodes(text, "it has not four numbers")
	}
	if !p[0].has(127) {
		return p, badCodes(text, "lists answer within 127.0.0.0/8")
	}
	return p, nil
}

func badCodes(text, why string) error {
	return fmt.Errorf("%.60q is no pattern of answers like 127.0.0.[2..11]: %s", text, why)
}

// parse reads numbers and ranges with semicolons between them. It returns what
// is wrong.
func (o *octets) parse(text string) string {
	for item := range strings.SplitSeq(text, ";") {
		low, high, ranged := strings.Cut(item, "..")
		if !ranged {
			high = low
		}
		first, err1 := strconv.ParseUint(low, 10, 8)
		last, err2 := strconv.ParseUint(high, 10, 8)
		if err1 != nil || err2 != nil || first > last {
			return fmt.Sprintf("%.20q is not a number or a range up to 255", item)
		}
		for n := first; n <= last; n++ {
			o.add(uint8(n))
		}
	}
	return ""
}

// String returns the text that was parsed.
func (c *Codes) String() string { return c.text }

// Has reports whether an answer counts.
func (c *Codes) Has(a netip.Addr) bool {
	if c == nil {
		return true
	}
	raw := a.As4()
	for i := range c.any {
		p := &c.any[i]
		if p[0].has(raw[0]) && p[1].has(raw[1]) && p[2].has(raw[2]) && p[3].has(raw[3]) {
			return true
		}
	}
	return false
}
