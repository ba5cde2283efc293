package smtp

import (
	"strings"
	"unicode/utf8"
)

// local takes a local part, decoded (RFC 5321 4.1.2, RFC 6531 3.3).
func (p *pathParser) local() (local string, err error) {
	if p.next() == '"' {
		local, err = p.quoted()
	} else {
		local, err = p.dotString()
	}
	if err == nil && len(local) > MaxLocal && !p.syntax.LongLocal {
		err = badAddress("local part too long")
	}
	return local, err
}

// dotString takes Atom *("." Atom).
func (p *pathParser) dotString() (string, error) {
	n := strings.IndexFunc(p.s, func(c rune) bool { return c != '.' && !isAtext(c) })
	if n < 0 {
		n = len(p.s)
	}
	local := p.s[:n]
	if err := p.onlyASCII(local); err != nil {
		return "", err
	}
	if !isDotString(local) {
		return "", badAddress("malformed local part")
	}
	p.s = p.s[n:]
	return local, nil
}

// quoted takes a Quoted-string and undoes its backslashes.
func (p *pathParser) quoted() (string, error) {
	var b []byte
	s := p.s[1:]
	for s != "" && s[0] != '"' {
		if s[0] == '\\' {
			if s = s[1:]; s == "" || s[0] >= utf8.RuneSelf {
				break
			}
		}
		c, n := utf8.DecodeRuneInString(s)
		if isControl(c) || c >= utf8.RuneSelf && !isUTF8Text(c) {
			break
		}
		b = append(b, s[:n]...)
		s = s[n:]
	}
	if s == "" || s[0] != '"' {
		return "", badAddress("malformed quoted local part")
	}
	p.s = s[1:]
	return string(b), p.onlyASCII(string(b))
}

// onlyASCII refuses what needs SMTPUTF8 where it is not spoken.
func (p *pathParser) onlyASCII(s string) error {
	if p.syntax.UTF8 || isASCII(s) {
		return nil
	}
	return &AddressError{FaultNonASCII, "address is not ASCII"}
}
