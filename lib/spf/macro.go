package spf

import "strings"

// MacroString is a text with macros in it (RFC 7208 7.1). It is made by the
// parsers, and does not change.
type MacroString struct {
	text  string
	parts []part
}

// part is some text as it stands or, when there is a letter, a macro.
type part struct {
	literal    string
	letter     byte   // in lower case
	escape     bool   // the letter was a capital: escape as in URLs
	keep       int    // how many of the parts on the right count; 0 for all
	reverse    bool   // turn the parts round first
	delimiters string // between parts; "." when there are none
}

// String returns the text as it was written.
func (m *MacroString) String() string { return m.text }

// literal returns the text that m always stands for, when it has no macro that
// depends on the check.
func (m *MacroString) literal() (text string, ok bool) {
	switch len(m.parts) {
	case 0:
		return "", true
	case 1:
		return m.parts[0].literal, m.parts[0].letter == 0
	}
	return "", false
}

// uses reports whether one of the letters is in m.
func (m *MacroString) uses(letters string) bool {
	for i := range m.parts {
		if c := m.parts[i].letter; c != 0 && strings.IndexByte(letters, c) >= 0 {
			return true
		}
	}
	return false
}

// Letters of macros: everywhere, and in explanations alone (RFC 7208 7.2).
const (
	letters        = "slodiphv"
	lettersExplain = letters + "crt"
)

const delimiters = ".-+,/_="

// maxKeep is more than a domain name has labels (RFC 7208 7.3 asks for 127).
const maxKeep = 1000

// macroParser reads a macro-string.
type macroParser struct {
	text    string
	at      int
	letters string
	blanks  bool // may stand in it
	m       MacroString
}

// parseMacros reads a macro-string (RFC 7208 7.1). The error is a *SyntaxError,
// with the position in text.
func parseMacros(text, letters string, blanks bool) (*MacroString, error) {
	p := &macroParser{text: text, letters: letters, blanks: blanks, m: MacroString{text: text}}
	for p.at < len(text) {
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	return &p.m, nil
}

// ParseExplanation reads the text of an explanation: blanks may stand in it,
// and the macros c, r and t (RFC 7208 6.2). The error is a *SyntaxError.
func ParseExplanation(text string) (*MacroString, error) {
	return parseMacros(text, lettersExplain, true)
}

func (p *macroParser) next() error {
	if p.text[p.at] == '%' {
		return p.macro()
	}
	start := p.at
	for p.at < len(p.text) && p.text[p.at] != '%' {
		if c := p.text[p.at]; c <= ' ' && !(c == ' ' && p.blanks) || c >= 0x7f {
			return p.fault("an octet that may not stand there")
		}
		p.at++
	}
	p.literal(p.text[start:p.at])
	return nil
}

// literal adds text, to the last part if that is text too.
func (p *macroParser) literal(s string) {
	if n := len(p.m.parts); n > 0 && p.m.parts[n-1].letter == 0 {
		p.m.parts[n-1].literal += s
		return
	}
	p.m.parts = append(p.m.parts, part{literal: s})
}

// macro reads what begins with a percent sign.
func (p *macroParser) macro() error {
	if p.at+1 == len(p.text) {
		return p.fault(`"%" at the end`)
	}
	switch p.text[p.at+1] {
	case '%':
		p.literal("%")
	case '_':
		p.literal(" ")
	case '-':
		p.literal("%20")
	case '{':
		return p.braces()
	default:
		return p.fault(`"%" without "{", "%", "_" or "-" behind it`)
	}
	p.at += 2
	return nil
}

// braces reads %{letter digits r delimiters}.
func (p *macroParser) braces() error {
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return p.fault(`"%{" without "}"`)
	}
	body := p.text[p.at+2 : p.at+end]
	if body == "" {
		return p.fault("macro without a letter")
	}
	c := body[0]
	m := part{letter: c | 0x20, escape: 'A' <= c && c <= 'Z'}
	if !isAlpha(c) || strings.IndexByte(p.letters, m.letter) < 0 {
		return p.fault(p.badLetter(m.letter))
	}
	if reason := m.transform(body[1:]); reason != "" {
		return p.fault(reason)
	}
	p.m.parts = append(p.m.parts, m)
	p.at += end + 1
	return nil
}

func (p *macroParser) badLetter(c byte) string {
	if strings.IndexByte(lettersExplain, c) >= 0 {
		return "macro that only explanations may have"
	}
	return "unknown macro letter"
}

// transform reads what stands behind the letter of a macro.
func (m *part) transform(s string) (reason string) {
	digits := 0
	for ; digits < len(s) && isDigit(s[digits]); digits++ {
		m.keep = min(m.keep*10+int(s[digits]-'0'), maxKeep)
	}
	if digits > 0 && m.keep == 0 {
		return "no parts of a macro are to be used" // RFC 7208 7.3
	}
	s = s[digits:]
	if s != "" && s[0]|0x20 == 'r' {
		m.reverse = true
		s = s[1:]
	}
	for i := range len(s) {
		if strings.IndexByte(delimiters, s[i]) < 0 {
			return "unknown delimiter in a macro"
		}
	}
	m.delimiters = s
	return ""
}

func (p *macroParser) fault(reason string) error {
	return &SyntaxError{Pos: p.at, Term: p.text, Reason: reason}
}

func isAlpha(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
