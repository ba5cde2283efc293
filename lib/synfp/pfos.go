package synfp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// pfSpread is how many routers pf.os(5) lets be between.
const pfSpread = 40

var errPF = errors.New("not window:ttl:df:size:options:system:version:subtype:details")

// pfLine reads a line of pf.os(5):
//
//	window:ttl:df:size:options:system:version:subtype:details
func (d *Database) pfLine(text string) error {
	if text == "" || text[0] == '#' {
		return nil
	}
	f := strings.SplitN(text, ":", 9)
	if len(f) != 9 {
		return errPF
	}
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	e := entry{system: System{Name: strings.TrimLeft(f[5], "@"), Version: f[6], Subtype: f[7], Details: f[8]}}
	e.system.Group = strings.HasPrefix(f[5], "@")
	if err := e.pfPattern(f[:5]); err != nil {
		return err
	}
	e.system.TTL = e.ttl
	d.add(e)
	return nil
}

// pfPattern reads the left half of a line.
func (p *pattern) pfPattern(f []string) (err error) {
	if p.window, err = pfNumber(f[0], true); err != nil {
		return fmt.Errorf("window: %w", err)
	}
	ttl, err := strconv.ParseUint(f[1], 10, 8)
	if err != nil {
		return fmt.Errorf("ttl: %w", err)
	}
	p.ttl, p.spread = uint8(ttl), pfSpread
	switch f[2] {
	case "0":
		p.df = no
	case "1":
		p.df = yes
	default:
		return fmt.Errorf("df: %.20q is neither 0 nor 1", f[2])
	}
	if p.size, err = pfNumber(f[3], false); err != nil {
		return fmt.Errorf("size: %w", err)
	}
	p.options, err = pfOptions(f[4])
	return err
}

// pfNumber reads n, *, %n and, where units may stand, Sn and Tn.
func pfNumber(s string, units bool) (n number, err error) {
	if s == "*" {
		return number{}, nil
	}
	n.form = exactly
	if s != "" {
		switch {
		case s[0] == '%':
			n.form = multiple
		case s[0] == 'S' && units:
			n.form = timesMSS
		case s[0] == 'T' && units:
			n.form = timesMTU
		}
	}
	if n.form != exactly {
		s = s[1:]
	}
	v, err := strconv.ParseUint(s, 10, 16)
	n.n = uint32(v)
	return n, err
}

func pfOptions(s string) (list []optionPattern, err error) {
	if s == "." {
		return nil, nil
	}
	list = make([]optionPattern, 0, min(strings.Count(s, ",")+1, MaxOptions))
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		o, err := pfOption(word)
		if err != nil {
			return nil, fmt.Errorf("option %.20q: %w", word, err)
		}
		if len(list) == MaxOptions {
			return nil, errPF
		}
		list = append(list, o)
	}
	return list, nil
}

func pfOption(word string) (p optionPattern, err error) {
	if len(word) > 1 && (word[0] == 'M' || word[0] == 'W') && !isDigit(word[1]) {
		p.kind = MSS
		if word[0] == 'W' {
			p.kind = Scale
		}
		p.value, err = pfNumber(word[1:], false)
		return p, err
	}
	o, ok := parseOption(word)
	if !ok {
		return p, errUnknown
	}
	p = optionPattern{kind: o.Kind, other: o.Other}
	if o.Kind == MSS || o.Kind == Scale || o.Kind == Timestamp {
		p.value = number{exactly, uint32(o.Value)}
	}
	return p, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
