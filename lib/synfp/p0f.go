package synfp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// p0fSpread is how many routers p0f lets be between.
const p0fSpread = 35

// p0fReader is what of a file of p0f is remembered from line to line.
type p0fReader struct {
	is     bool // the file is one
	inside bool // [tcp:request]
	label  System
	rough  []entry // those of labels "g:", which come last
}

var errP0f = errors.New("not version:ttl:olen:mss:window,scale:options:quirks:payload")

// starts says whether a line is one that only p0f's files have.
func (p *p0fReader) starts(text string) bool {
	return strings.HasPrefix(text, "classes") || strings.HasPrefix(text, "[") || strings.HasPrefix(text, ";")
}

// p0fLine reads a line of p0f's file. Of its sections only that of SYNs is of
// use here.
func (d *Database) p0fLine(p *p0fReader, text string) error {
	switch {
	case text == "" || text[0] == ';':
		return nil
	case text[0] == '[':
		p.inside = text == "[tcp:request]"
		return nil
	case !p.inside:
		return nil
	}
	key, value, _ := strings.Cut(text, "=")
	switch value = strings.TrimSpace(value); strings.TrimSpace(key) {
	case "label":
		return p.setLabel(value)
	case "sig":
		return d.p0fSignature(p, value)
	}
	return nil // sys
}

// setLabel reads type:class:name:flavor.
func (p *p0fReader) setLabel(s string) error {
	f := strings.SplitN(s, ":", 4)
	if len(f) != 4 {
		return errors.New("label: not type:class:name:flavor")
	}
	p.label = System{Name: f[2], Version: f[3], Group: f[0] == "g"}
	return nil
}

func (d *Database) p0fSignature(p *p0fReader, s string) error {
	e := entry{system: p.label}
	if err := e.p0fPattern(s); err != nil {
		return err
	}
	if p.label.Group {
		p.rough = append(p.rough, e)
	} else {
		d.entries = append(d.entries, e)
	}
	return nil
}

// p0fPattern reads version:ttl:olen:mss:window,scale:options:quirks:payload.
// Quirks that a fingerprint does not tell are passed over.
func (p *pattern) p0fPattern(s string) error {
	f := strings.Split(s, ":")
	if len(f) != 8 {
		return errP0f
	}
	switch f[0] {
	case "4", "6":
		p.version = f[0][0] - '0'
	case "*":
	default:
		return errP0f
	}
	window, scale, _ := strings.Cut(f[4], ",")
	quirks := "," + f[6] + ","
	p.df = no
	if strings.Contains(quirks, ",df,") || p.version == 6 {
		p.df = yes
	}
	return errors.Join(p.p0fTTL(f[1]), p.p0fWindow(window), p.p0fOptions(f[5], f[3], scale, !strings.Contains(quirks, ",ts1-,")))
}

// p0fTTL reads 64, 64- for one that is chosen at random, and 54+10.
func (p *pattern) p0fTTL(s string) error {
	p.spread = p0fSpread
	s, p.anyTTL = strings.CutSuffix(s, "-")
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

// p0fOptions reads the order of options, with the values that MSS and scale are
// to have; stamped says whether a timestamp is another than zero.
func (p *pattern) p0fOptions(layout, mss, scale string, stamped bool) error {
	if layout == "" {
		return nil
	}
	for word := range strings.SplitSeq(layout, ",") {
		o, err := p0fOption(word, mss, scale, stamped)
		if err != nil {
			return fmt.Errorf("option %.20q: %w", word, err)
		}
		p.options = append(p.options, o)
	}
	return nil
}

func p0fOption(word, mss, scale string, stamped bool) (optionPattern, error) {
	switch word {
	case "mss":
		return pfOption("M" + mss)
	case "ws":
		return pfOption("W" + scale)
	case "nop":
		return optionPattern{kind: Nop}, nil
	case "sok":
		return optionPattern{kind: SACK}, nil
	case "sack":
		return optionPattern{kind: 5, other: true}, nil
	case "ts":
		if stamped {
			return pfOption("T")
		}
		return pfOption("T0")
	}
	if strings.HasPrefix(word, "eol+") {
		return optionPattern{kind: End}, nil
	}
	return pfOption(word)
}
