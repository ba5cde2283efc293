package tlsconf

import (
	"crypto/tls"
	"errors"
	"slices"
	"strings"
)

// A suite is a cipher suite of TLS 1.2 that can be spoken here, with the words
// by which OpenSSL's strings mean it.
type suite struct {
	id    uint16
	name  string // OpenSSL's
	words string // ciphers(1), with blanks around each
	rsa   bool   // without forward secrecy: only for who asks for just that
}

// suites are those that can be spoken: what OpenSSL and others have besides
// has been broken, or nobody has it.
func suites() []suite {
	const (
		ecdhe = " ALL DEFAULT HIGH ECDHE kECDHE EECDH kEECDH "
		rsa   = " RSA kRSA aRSA "
		gcm   = " AES AESGCM TLSv1.2 "
		cbc   = " AES SHA SHA1 TLSv1 TLSv1.0 SSLv3 "
		poly  = " CHACHA20 TLSv1.2 "
	)
	return []suite{
		{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", ecdhe + "ECDSA aECDSA AES128 SHA256" + gcm, false},
		{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", ecdhe + "aRSA AES128 SHA256" + gcm, false},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", ecdhe + "ECDSA aECDSA AES256 SHA384" + gcm, false},
		{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", ecdhe + "aRSA AES256 SHA384" + gcm, false},
		{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", ecdhe + "ECDSA aECDSA" + poly, false},
		{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305", ecdhe + "aRSA" + poly, false},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-ECDSA-AES128-SHA", ecdhe + "ECDSA aECDSA AES128" + cbc, false},
		{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA", ecdhe + "aRSA AES128" + cbc, false},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-ECDSA-AES256-SHA", ecdhe + "ECDSA aECDSA AES256" + cbc, false},
		{tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA", ecdhe + "aRSA AES256" + cbc, false},
		{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256", rsa + "ALL DEFAULT HIGH AES128 SHA256" + gcm, true},
		{tls.TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384", rsa + "ALL DEFAULT HIGH AES256 SHA384" + gcm, true},
		{tls.TLS_RSA_WITH_AES_128_CBC_SHA, "AES128-SHA", rsa + "ALL DEFAULT HIGH AES128" + cbc, true},
		{tls.TLS_RSA_WITH_AES_256_CBC_SHA, "AES256-SHA", rsa + "ALL DEFAULT HIGH AES256" + cbc, true},
	}
}

// is says whether all words of an element, joined by +, mean the suite.
func (s suite) is(element string) bool {
	for word := range strings.SplitSeq(element, "+") {
		if word != s.name && !strings.Contains(s.words, " "+word+" ") {
			return false
		}
	}
	return true
}

// asked is is for adding: an element that does not say that it means suites
// without forward secrecy does not bring them in.
func (s suite) asked(element string) bool {
	if !s.is(element) {
		return false
	}
	return !s.rsa || slices.ContainsFunc(strings.Split(element, "+"), func(word string) bool {
		return word == s.name || word == "RSA" || word == "kRSA"
	})
}

// ParseCiphers turns a cipher string of OpenSSL, as ciphers(1) has it, into
// suites of TLS 1.2 for Options. notes say what of the string means nothing
// here: words for what is never spoken, and all that is about order, which the
// library chooses. The suites of TLS 1.3 cannot be chosen, and all are good.
// A string that leaves nothing is an error.
func ParseCiphers(s string) (ids []uint16, notes []string, err error) {
	p := cipherParser{all: suites()}
	for _, element := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(":, ;", r) }) {
		p.element(element)
	}
	if len(p.chosen) == 0 {
		return nil, nil, errors.New("no cipher of TLS 1.2 that can be spoken here is left")
	}
	return p.chosen, p.notes(), nil
}

// cipherParser holds what the elements up to now have chosen.
type cipherParser struct {
	all    []suite
	chosen []uint16
	never  []string // words for what is never spoken
	order  []string // elements about order
	fixed  []string // names of TLS 1.3
}

// element obeys one element of the string.
func (p *cipherParser) element(e string) {
	if strings.HasPrefix(e, "TLS_") {
		p.fixed = append(p.fixed, e)
		return
	}
	rest := strings.TrimLeft(e, "!-+@")
	switch op := e[:len(e)-len(rest)]; {
	case rest == "" || !p.known(rest):
		p.unknown(op, rest)
	case op == "!":
		p.kill(rest, true)
	case op == "-":
		p.kill(rest, false)
	case op == "+":
		p.order = append(p.order, e)
	default:
		p.add(rest)
	}
}

// known says whether an element means any suite.
func (p *cipherParser) known(element string) bool {
	return slices.ContainsFunc(p.all, func(s suite) bool { return s.is(element) })
}

// unknown notes an element that means no suite.
func (p *cipherParser) unknown(op, element string) {
	switch {
	case op == "@" && strings.HasPrefix(element, "SECLEVEL"):
		p.never = append(p.never, op+element)
	case op == "@":
		p.order = append(p.order, op+element)
	default:
		p.never = append(p.never, element)
	}
}

// kill takes suites out, and for good when they may not come back.
func (p *cipherParser) kill(element string, good bool) {
	for _, s := range p.all {
		if s.is(element) {
			p.chosen = slices.DeleteFunc(p.chosen, func(id uint16) bool { return id == s.id })
		}
	}
	if good {
		p.all = slices.DeleteFunc(p.all, func(s suite) bool { return s.is(element) })
	}
}

// add brings suites in.
func (p *cipherParser) add(element string) {
	for _, s := range p.all {
		if s.asked(element) && !slices.Contains(p.chosen, s.id) {
			p.chosen = append(p.chosen, s.id)
		}
	}
}

func (p *cipherParser) notes() (notes []string) {
	for _, n := range []struct {
		words []string
		text  string
	}{
		{p.never, "means nothing here: "},
		{p.order, "the order is the library's: "},
		{p.fixed, "TLS 1.3 has its own list: "},
	} {
		if len(n.words) > 0 {
			notes = append(notes, n.text+strings.Join(n.words, " "))
		}
	}
	return notes
}
