package spf

import (
	"net/netip"
	"strconv"
	"strings"
)

const (
	version = "v=spf1"
	bits4   = 32
	bits6   = 128
)

// isSPF reports whether a text is an SPF record: the version, and a blank or
// nothing behind it (RFC 7208 4.5).
func isSPF(text string) bool {
	return len(text) >= len(version) && strings.EqualFold(text[:len(version)], version) &&
		(len(text) == len(version) || text[len(version)] == ' ')
}

// Parse reads a record as it is published, from "v=spf1" on. All of it is
// looked at, whatever stands in front (RFC 7208 4.6). The error is a
// *SyntaxError, about the first thing that is wrong.
func Parse(text string) (*Record, error) {
	r, faults := ParseAll(text)
	if len(faults) > 0 {
		return nil, faults[0]
	}
	return r, nil
}

// ParseAll is Parse and reports everything that is wrong. The record has the
// terms that are right.
func ParseAll(text string) (*Record, []*SyntaxError) {
	if !isSPF(text) {
		first, _, _ := strings.Cut(text, " ")
		return &Record{}, []*SyntaxError{{Term: first, Reason: `does not begin with "v=spf1"`}}
	}
	return parseTerms(text, len(version))
}

// ParseRules reads a record without the version in front, as a receiver's own
// rules are written: "a/24 mx/24 ptr". A version in front does no harm.
func ParseRules(text string) (*Record, error) {
	at := 0
	if isSPF(text) {
		at = len(version)
	}
	r, faults := parseTerms(text, at)
	if len(faults) > 0 {
		return nil, faults[0]
	}
	return r, nil
}

// parseTerms reads the words of text from at on. They are separated by blanks
// alone (RFC 7208 4.6.1).
func parseTerms(text string, at int) (*Record, []*SyntaxError) {
	r := &Record{Directives: make([]Directive, 0, strings.Count(text[at:], " ")+1)}
	var faults []*SyntaxError
	for at < len(text) {
		if text[at] == ' ' {
			at++
			continue
		}
		end := len(text)
		if i := strings.IndexByte(text[at:], ' '); i >= 0 {
			end = at + i
		}
		if fault := r.term(text[at:end], at); fault != nil {
			faults = append(faults, fault)
		}
		at = end
	}
	return r, faults
}

// term reads one word, which stands at pos.
func (r *Record) term(word string, pos int) *SyntaxError {
	name, value, isModifier := cutModifier(word)
	var fault *SyntaxError
	if isModifier {
		fault = r.modifier(name, value)
	} else {
		fault = r.directive(word, pos)
	}
	if fault != nil {
		if fault.Term != "" && fault.Term != word {
			pos += strings.LastIndex(word, fault.Term)
		}
		return &SyntaxError{Pos: pos + fault.Pos, Term: word, Reason: fault.Reason}
	}
	return nil
}

// cutModifier splits a word that is a modifier: a name and an equals sign.
func cutModifier(word string) (name, value string, ok bool) {
	i := 0
	for i < len(word) && (isAlpha(word[i]) || i > 0 && isNameOctet(word[i])) {
		i++
	}
	if i == 0 || i == len(word) || word[i] != '=' {
		return "", "", false
	}
	return word[:i], word[i+1:], true
}

func isNameOctet(c byte) bool { return isDigit(c) || c == '-' || c == '_' || c == '.' }

func (r *Record) modifier(name, value string) *SyntaxError {
	switch {
	case strings.EqualFold(name, "redirect"):
		return domainModifier(&r.Redirect, value, "redirect=")
	case strings.EqualFold(name, "exp"):
		return domainModifier(&r.Exp, value, "exp=")
	}
	m, err := parseMacros(value, letters, false)
	if err != nil {
		return err.(*SyntaxError)
	}
	r.Modifiers = append(r.Modifiers, Modifier{name, m})
	return nil
}

// domainModifier reads redirect and exp, of each of which there may be one
// (RFC 7208 6).
func domainModifier(p **MacroString, value, name string) *SyntaxError {
	if *p != nil {
		return &SyntaxError{Reason: "a second " + name}
	}
	m, fault := parseDomain(value)
	*p = m
	return fault
}

func (r *Record) directive(word string, pos int) *SyntaxError {
	d := Directive{Result: Pass, Bits4: bits4, Bits6: bits6, Pos: pos}
	rest := d.qualifier(word)
	end := strings.IndexAny(rest, ":/")
	if end < 0 {
		end = len(rest)
	}
	if !d.name(rest[:end]) {
		return &SyntaxError{Reason: unknownMechanism(rest[:end])}
	}
	if fault := d.argument(rest[end:]); fault != nil {
		return fault
	}
	r.Directives = append(r.Directives, d)
	return nil
}

// qualifier takes the sign off (RFC 7208 4.6.2).
func (d *Directive) qualifier(word string) (rest string) {
	switch word[0] {
	case '+':
	case '-':
		d.Result = Fail
	case '~':
		d.Result = SoftFail
	case '?':
		d.Result = Neutral
	default:
		return word
	}
	return word[1:]
}

func (d *Directive) name(s string) bool {
	for i, name := range mechanismNames {
		if strings.EqualFold(s, name) {
			d.Mechanism = Mechanism(i)
			return true
		}
	}
	return false
}

// unknownMechanism says what somebody may have meant.
func unknownMechanism(name string) string {
	if _, err := netip.ParseAddr(name); err == nil {
		return "no mechanism: an address needs ip4: in front of it"
	}
	switch strings.ToLower(name) {
	case "redirect", "exp":
		return "no mechanism: a modifier has an equals sign behind its name, and nothing in front"
	case "ip", "ipv4", "ipv6":
		return "no mechanism: they are called ip4 and ip6"
	}
	return "no mechanism"
}

// argument reads what stands behind the name, with its colon or slash.
func (d *Directive) argument(s string) *SyntaxError {
	switch d.Mechanism {
	case All:
		if s != "" {
			return &SyntaxError{Term: s, Reason: "all takes nothing behind it"}
		}
		return nil
	case IP4, IP6:
		return d.network(s)
	case A, MX:
		rest, fault := d.prefixLengths(s)
		if fault != nil || rest == "" {
			return fault
		}
		return d.domain(rest)
	case PTR:
		if s == "" {
			return nil
		}
	}
	return d.domain(s)
}

// domain reads a colon and a domain-spec.
func (d *Directive) domain(s string) (fault *SyntaxError) {
	switch {
	case s == "":
		return &SyntaxError{Reason: d.Mechanism.String() + " needs a domain"}
	case strings.IndexByte(s, ':') < 0:
		return &SyntaxError{Term: s, Reason: "no prefix length, or where none may stand"}
	case s[0] != ':':
		return &SyntaxError{Reason: "the prefix length stands in front of the domain, not behind it"}
	}
	d.Domain, fault = parseDomain(s[1:])
	return fault
}

// prefixLengths takes the dual-cidr-length off the end (RFC 7208 12).
func (d *Directive) prefixLengths(s string) (rest string, fault *SyntaxError) {
	if rest, digits, ok := cutDigits(s); ok && strings.HasSuffix(rest, "/") {
		if d.Bits6, fault = prefixLength(digits, bits6); fault != nil {
			return "", fault
		}
		s = rest[:len(rest)-1]
	}
	if rest, digits, ok := cutDigits(s); ok {
		if d.Bits4, fault = prefixLength(digits, bits4); fault != nil {
			return "", fault
		}
		s = rest
	}
	return s, nil
}

// cutDigits takes a slash and digits off the end.
func cutDigits(s string) (rest, digits string, ok bool) {
	i := len(s)
	for i > 0 && isDigit(s[i-1]) {
		i--
	}
	if i == 0 || i == len(s) || s[i-1] != '/' {
		return s, "", false
	}
	return s[:i-1], s[i:], true
}

// prefixLength reads digits without needless zeros in front.
func prefixLength(digits string, most uint64) (uint8, *SyntaxError) {
	n, err := strconv.ParseUint(digits, 10, 8)
	if err != nil || n > most || len(digits) > 1 && digits[0] == '0' {
		return 0, &SyntaxError{Term: digits, Reason: "no prefix length from 0 to " + strconv.FormatUint(most, 10)}
	}
	return uint8(n), nil
}

// network reads the argument of ip4 and ip6.
func (d *Directive) network(s string) *SyntaxError {
	name := d.Mechanism.String()
	if s == "" || s[0] != ':' {
		return &SyntaxError{Reason: name + " needs an address"}
	}
	text, digits, hasLength := strings.Cut(s[1:], "/")
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Is4() != (d.Mechanism == IP4) || addr.Zone() != "" {
		return &SyntaxError{Term: text, Reason: "not an " + families[d.Mechanism] + " address"}
	}
	length := uint8(addr.BitLen())
	if hasLength {
		var fault *SyntaxError
		if length, fault = prefixLength(digits, uint64(addr.BitLen())); fault != nil {
			return fault
		}
	}
	d.Net = netip.PrefixFrom(addr, int(length))
	return nil
}

// families are what ip4 and ip6 are about.
var families = [...]string{IP4: "IPv4", IP6: "IPv6"}
