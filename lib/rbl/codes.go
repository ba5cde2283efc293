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

// parsePattern reads four sets of numbers with dots between them.
func parsePattern(text string) (p [4]octets, err error) {
	rest := text
	for i := range p {
		if i > 0 {
			var dot bool
			if rest, dot = strings.CutPrefix(rest, "."); !dot {
				return p, badCodes(text, notFour)
			}
		}
		set, behind, why := cutSet(rest, i == 3)
		if why == "" {
			why = p[i].parse(set)
		}
		if why != "" {
			return p, badCodes(text, why)
		}
		rest = behind
	}
	switch {
	case rest != "":
		return p, badCodes(text, notFour)
	case !p[0].has(127):
		return p, badCodes(text, "lists answer within 127.0.0.0/8")
	}
	return p, nil
}

const notFour = "it has not four numbers"

// cutSet takes a set of numbers off the front of a pattern: what is in brackets, or
// what stands before the next dot. The dots of a range part nothing within brackets,
// nor at the last place. Otherwise it says why there is no set.
func cutSet(text string, last bool) (set, rest, why string) {
	if inside, ok := strings.CutPrefix(text, "["); ok {
		if set, rest, ok = strings.Cut(inside, "]"); !ok {
			return "", "", `"[" without "]"`
		}
		return set, rest, ""
	}
	if last {
		return text, "", ""
	}
	end := strings.IndexByte(text, '.')
	if end < 0 {
		return "", "", "it has fewer than four numbers"
	}
	return text[:end], text[end:], ""
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
