package dns

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// master reads a master file (RFC 1035 5.1).
type master struct {
	file   string
	origin string // absolute, with its final dot
	owner  string // of the last record
	ttl    time.Duration
	add    func(Record)
}

// parseMaster gives each record of the text to add. Records of types that mail
// has no use for are passed over.
func parseMaster(text, file string, add func(Record)) error {
	m := &master{file: file, origin: ".", ttl: zoneTTL * time.Second, add: add}
	s := &scanner{text: text, line: 1}
	for {
		line, words, err := s.entry()
		if err == nil && words == nil {
			return nil
		}
		if err == nil {
			err = m.entry(words)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file, line, err)
		}
	}
}

// entry obeys one line, or what parentheses make one. The first word is empty
// when the line begins with a blank.
func (m *master) entry(words []word) error {
	if len(words) == 0 || len(words) == 1 && words[0].text == "" && !words[0].quoted {
		return nil
	}
	switch first := words[0].text; {
	case strings.HasPrefix(first, "$"):
		return m.directive(strings.ToUpper(first), words[1:])
	case first != "":
		owner, ok := m.name(first)
		if !ok {
			return fmt.Errorf("%.60q is not a name", first)
		}
		m.owner = owner
	case m.owner == "":
		return fmt.Errorf("no name stands before this line")
	}
	return m.record(words[1:])
}

func (m *master) directive(name string, args []word) error {
	var ok bool
	switch {
	case name == "$ORIGIN" && len(args) == 1:
		m.origin, ok = m.name(args[0].text)
	case name == "$TTL" && len(args) == 1:
		m.ttl, ok = parseTTL(args[0].text)
	}
	if !ok {
		return fmt.Errorf("%.60s is not understood here", name)
	}
	return nil
}

// record takes "[TTL] [class] type data", the first two in any order.
func (m *master) record(words []word) error {
	r := Record{Name: normal(canonical(m.owner)), TTL: m.ttl}
	for len(words) > 0 {
		w := words[0].text
		if ttl, ok := parseTTL(w); ok {
			r.TTL = ttl
		} else if !strings.EqualFold(w, "IN") {
			break
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return fmt.Errorf("a record without a type")
	}
	name := strings.ToUpper(words[0].text)
	t, ok := parseType(name)
	switch {
	case !ok && passedOver(name):
		return nil
	case !ok:
		return fmt.Errorf("%.60q is not a type", words[0].text)
	}
	r.Type = t
	if r.Data, ok = m.data(t, words[1:]); !ok {
		return fmt.Errorf("bad data of a record of type %s", name)
	}
	m.add(r)
	return nil
}

// passedOver tells the types that a zone file may hold besides those that we
// know.
func passedOver(name string) bool {
	switch name {
	case "AFSDB", "APL", "CDNSKEY", "CDS", "CERT", "CSYNC", "DNAME", "DNSKEY", "HINFO", "HTTPS", "LOC", "NAPTR",
		"NSEC", "NSEC3", "NSEC3PARAM", "OPENPGPKEY", "RP", "RRSIG", "SMIMEA", "SPF", "SSHFP", "SVCB", "URI", "ZONEMD":
		return true
	}
	return false
}

// name makes a name absolute: with its final dot, escapes only where they must
// be.
func (m *master) name(s string) (string, bool) {
	if s == "@" {
		return m.origin, true
	}
	wire, absolute, ok := parseName(s)
	if !ok {
		return "", false
	}
	if !absolute {
		if s = strings.TrimSuffix(s, ".") + "."; m.origin != "." {
			s += m.origin
		}
		if wire, _, ok = parseName(s); !ok {
			return "", false
		}
	}
	name, _, ok := appendName(nil, wire, 0)
	return string(name), ok
}

// parseName turns a name into labels (RFC 1035 3.1), and tells whether it had a
// final dot.
func parseName(s string) (wire []byte, absolute, ok bool) {
	if s == "." {
		return []byte{0}, true, true
	}
	label := []byte{0} // its length in front
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '.':
			if len(label) == 1 {
				return nil, false, false
			}
			wire, label, absolute = append(wire, label...), []byte{0}, true
			continue
		case c == '\\' && i+1 == len(s):
			return nil, false, false
		case c == '\\':
			var n int
			c, n = unescape(s[i+1:])
			i += n
		}
		label = append(label, c)
		label[0]++
		if absolute = false; len(label) > maxLabel+1 {
			return nil, false, false
		}
	}
	if len(label) > 1 {
		wire = append(wire, label...)
	}
	return append(wire, 0), absolute, len(wire) > 0 && len(wire) <= maxName+1
}

// maxSeconds is the longest time to live (RFC 2181 8).
const maxSeconds = 1<<31 - 1

// parseTTL reads seconds, or numbers with units: 1h30m.
func parseTTL(s string) (time.Duration, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	var sum uint64
	for s != "" {
		digits, seconds := len(s), uint64(1)
		if i := strings.IndexAny(s, "smhdwSMHDW"); i >= 0 {
			digits, seconds = i, unit(s[i])
		} else if sum > 0 {
			return 0, false
		}
		n, err := strconv.ParseUint(s[:digits], 10, 31)
		if sum += n * seconds; err != nil || sum > maxSeconds {
			return 0, false
		}
		s = s[min(digits+1, len(s)):]
	}
	return time.Duration(sum) * time.Second, true
}

// unit is how many seconds a letter stands for.
func unit(c byte) uint64 {
	switch c | 0x20 {
	case 's':
		return 1
	case 'm':
		return 60
	case 'h':
		return 3600
	case 'd':
		return 24 * 3600
	}
	return 7 * 24 * 3600
}
