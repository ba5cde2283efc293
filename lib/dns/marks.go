package dns

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Comments of a zone file that say what its records cannot.
const (
	zoneMark = ";!"

	markServfail = "servfail" // no answer for now
	markBogus    = "bogus"    // wrong signatures
	markSecure   = "secure"   // right signatures
	markNxdomain = "nxdomain" // nothing of any type
	markNodata   = "nodata"   // nothing of this type

	markForms = zoneMark + " servfail|bogus|secure|nxdomain|nodata name [type [reason]]"
)

// marks are the comments of a zone file. Without a type, the first three hold
// for a name and all below it; whatever has a type holds for one question, and
// nxdomain for one name.
type marks struct {
	trees map[string]string
	exact map[key]mark
}

type mark struct{ word, reason string }

func parseMarks(text []byte, file string) (marks, error) {
	m := marks{trees: make(map[string]string), exact: make(map[key]mark)}
	sc := bufio.NewScanner(bytes.NewReader(text))
	sc.Buffer(nil, maxZone)
	for n := 1; sc.Scan(); n++ {
		rest, ok := strings.CutPrefix(sc.Text(), zoneMark)
		if ok && !m.add(strings.Fields(rest)) {
			return m, fmt.Errorf("%s:%d: want %s", file, n, markForms)
		}
	}
	return m, sc.Err()
}

// add obeys one comment.
func (m *marks) add(words []string) bool {
	if len(words) < 2 {
		return false
	}
	word, name := words[0], normal(canonical(words[1]))
	switch word {
	case markServfail, markBogus, markSecure:
		if len(words) == 2 {
			m.trees[name] = word
			return true
		}
	case markNxdomain:
		m.put(key{name, 0}, mark{word, strings.Join(words[2:], " ")})
		return true
	case markNodata:
	default:
		return false
	}
	if len(words) == 2 {
		return false
	}
	t, ok := parseType(words[2])
	m.put(key{name, t}, mark{word, strings.Join(words[3:], " ")})
	return ok
}

// put keeps the first word about a question.
func (m *marks) put(k key, v mark) {
	if _, ok := m.exact[k]; !ok {
		m.exact[k] = v
	}
}

// parseType reads the name of a type as Type.String writes it.
func parseType(s string) (Type, bool) {
	for _, t := range [...]Type{TypeA, TypeNS, TypeCNAME, TypeSOA, TypePTR, TypeMX, TypeTXT, TypeAAAA, TypeSRV, TypeDS, TypeTLSA, TypeCAA} {
		if t.String() == s {
			return t, true
		}
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "TYPE"), 10, 16)
	return Type(n), err == nil && strings.HasPrefix(s, "TYPE")
}

// find returns what is said of a question: of the name and type, of the name,
// or of the nearest tree that the name is in.
func (m *marks) find(k key) mark {
	if v, ok := m.exact[k]; ok {
		return v
	}
	if v, ok := m.exact[key{k.name, 0}]; ok {
		return v
	}
	for name := k.name; name != ""; name = parent(name) {
		if word, ok := m.trees[name]; ok {
			return mark{word: word}
		}
	}
	return mark{}
}

// err is what a mark makes of a question about k, nil for none.
func (v mark) err(k key) *Error {
	e := &Error{Name: printable(k.name), Type: k.t, Reason: v.reason}
	switch v.word {
	case markServfail, markBogus:
		e.Kind = ErrTemporary
		if v.word == markBogus {
			e.Kind = ErrBogus
		}
		if e.Reason == "" {
			e.Reason = "the zone file says so"
		}
	case markNxdomain, markNodata:
		e.Kind, e.NoName = ErrNotFound, v.word == markNxdomain
	default:
		return nil
	}
	return e
}
