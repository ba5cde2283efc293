package synfp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// p0fReader is what of a file of p0f is remembered from line to line.
type p0fReader struct {
	is      bool   // the file is one
	section string // as it is written, "[tcp:request]"
	label   System
	link    string // the label of a section of MTUs
}

var (
	errP0f    = errors.New("not version:ttl:olen:mss:window,scale:options:quirks:payload")
	errQuirks = errors.New("unknown quirk")
	errLabel  = errors.New("label: not type:class:name:flavor")
)

// starts says whether a line is one that only p0f's files have.
func (p *p0fReader) starts(text string) bool {
	return strings.HasPrefix(text, "classes") || strings.HasPrefix(text, "[") || strings.HasPrefix(text, ";")
}

// Sections of p0f's file that are of use here: that of SYNs, and that of the
// MTUs of links.
const (
	sectionSYN = "[tcp:request]"
	sectionMTU = "[mtu]"
)

// p0fLine reads a line of p0f's file.
func (d *Database) p0fLine(p *p0fReader, text string) error {
	switch {
	case text == "" || text[0] == ';':
		return nil
	case text[0] == '[':
		p.section = text
		return nil
	case p.section != sectionSYN && p.section != sectionMTU:
		return nil
	}
	key, value, _ := strings.Cut(text, "=")
	switch value = strings.TrimSpace(value); strings.TrimSpace(key) {
	case "label":
		return p.setLabel(value)
	case "sig":
		if p.section == sectionMTU {
			return d.addLink(p.link, value)
		}
		return d.p0fSignature(p, value)
	}
	return nil // sys
}

// setLabel reads type:class:name:flavor, or the name of a link.
func (p *p0fReader) setLabel(s string) error {
	if p.section == sectionMTU {
		p.link = s
		return nil
	}
	f := strings.SplitN(s, ":", 4)
	if len(f) != 4 {
		return errLabel
	}
	p.label = System{Name: f[2], Version: f[3], Group: f[0] == "g", Tool: f[1] == "!"}
	return nil
}

func (d *Database) p0fSignature(p *p0fReader, s string) error {
	e := entry{system: p.label}
	if err := e.readP0f(s); err != nil {
		return err
	}
	e.system.TTL = e.ttl
	if e.p0f.anyTTL {
		e.system.TTL = 0
	}
	d.add(e)
	return nil
}

// addLink notes that an MTU is usual on a kind of link.
func (d *Database) addLink(name, mtu string) error {
	n, err := strconv.ParseUint(mtu, 10, 16)
	if err != nil {
		return fmt.Errorf("MTU: %w", err)
	}
	if len(d.links) < maxEntries {
		d.links = append(d.links, link{uint16(n), name})
	}
	return nil
}

// p0fPattern is what only p0f's signatures have.
type p0fPattern struct {
	version   uint8  // 4, 6, or 0 for both
	anyTTL    bool   // ttl is the most, whatever is missing
	mss       number // 0 stands for no option, too
	scale     number
	ipOptions uint8
	padding   uint8
	quirks    Quirks
	payload   tristate
}

// readP0f reads version:ttl:olen:mss:window,scale:options:quirks:payload.
func (p *pattern) readP0f(s string) (err error) {
	f := strings.Split(s, ":")
	if len(f) != 8 {
		return errP0f
	}
	window, scale, ok := strings.Cut(f[4], ",")
	if !ok {
		return errP0f
	}
	q := new(p0fPattern)
	p.p0f = q
	if q.version, ok = p0fVersion(f[0]); !ok {
		return errP0f
	}
	if q.payload, ok = p0fPayload(f[7]); !ok {
		return errP0f
	}
	if q.quirks, ok = parseQuirks(f[6]); !ok {
		return fmt.Errorf("%w in %.60q", errQuirks, f[6])
	}
	olen, err := strconv.ParseUint(f[2], 10, 8)
	q.ipOptions = uint8(olen)
	var errMSS, errScale error
	q.mss, errMSS = pfNumber(f[3], false)
	q.scale, errScale = pfNumber(scale, false)
	return errors.Join(err, errMSS, errScale, p.p0fTTL(f[1]), p.p0fWindow(window), p.p0fOptions(f[5]))
}

func p0fVersion(s string) (v uint8, ok bool) {
	switch s {
	case "4", "6":
		return s[0] - '0', true
	}
	return 0, s == "*"
}

func p0fPayload(s string) (t tristate, ok bool) {
	switch s {
	case "0":
		return no, true
	case "+":
		return yes, true
	}
	return either, s == "*"
}

// p0fTTL reads 64, 64- for one that is chosen at random, and 54+10.
func (p *pattern) p0fTTL(s string) error {
	s, p.p0f.anyTTL = strings.CutSuffix(s, "-")
	seen, missing, _ := strings.Cut(s, "+")
	ttl, err := strconv.ParseUint(seen, 10, 8)
	more, _ := strconv.ParseUint(missing, 10, 8)
	p.ttl = uint8(min(ttl+more, 255))
	return err
}

func (p *pattern) p0fWindow(s string) (err error) {
	if n, ok := strings.CutPrefix(s, "mss*"); ok {
		s = "S" + n
	} else if n, ok := strings.CutPrefix(s, "mtu*"); ok {
		s = "T" + n
	}
	p.window, err = pfNumber(s, true)
	return err
}

// p0fOptions reads the order of options.
func (p *pattern) p0fOptions(layout string) error {
	if layout == "" {
		return nil
	}
	for word := range strings.SplitSeq(layout, ",") {
		kind, err := p.p0fOption(word)
		if err != nil || len(p.options) == MaxOptions {
			return fmt.Errorf("option %.20q: %w", word, errors.Join(err, errP0f))
		}
		p.options = append(p.options, optionPattern{kind: kind})
	}
	return nil
}

var errUnknown = errors.New("unknown")

const kindSACK Kind = 5 // of acknowledgements themselves (RFC 2018 3)

func (p *pattern) p0fOption(word string) (Kind, error) {
	switch word {
	case "mss":
		return MSS, nil
	case "ws":
		return Scale, nil
	case "nop":
		return Nop, nil
	case "sok":
		return SACK, nil
	case "sack":
		return kindSACK, nil
	case "ts":
		return Timestamp, nil
	}
	if octets, ok := strings.CutPrefix(word, "eol+"); ok {
		n, err := strconv.ParseUint(octets, 10, 8)
		p.p0f.padding = uint8(n)
		return End, err
	}
	if number, ok := strings.CutPrefix(word, "?"); ok {
		n, err := strconv.ParseUint(number, 10, 8)
		return Kind(n), err
	}
	return 0, errUnknown
}
