package dns

import (
	"errors"
	"strings"
)

// word is one word of a master file, its escapes as they stand.
type word struct {
	text   string
	quoted bool
}

// scanner takes a master file apart.
type scanner struct {
	text string
	line int
}

var (
	errOpen  = errors.New("a parenthesis is not closed")
	errClose = errors.New("a parenthesis closes nothing")
	errQuote = errors.New("a quotation mark is not closed")
)

// entry returns the words of the next entry and the line where it begins; nil at
// the end. Where it begins with a blank, the first word is empty.
func (s *scanner) entry() (line int, words []word, err error) {
	line = s.line
	if s.text == "" {
		return line, nil, nil
	}
	words = []word{}
	if strings.IndexByte(" \t\r\n;", s.text[0]) >= 0 {
		words = append(words, word{})
	}
	depth := 0
	for s.skip() {
		switch c := s.text[0]; c {
		case '\n':
			s.line++
			s.text = s.text[1:]
			if depth == 0 {
				return line, words, nil
			}
		case '(':
			depth++
			s.text = s.text[1:]
		case ')':
			if depth--; depth < 0 {
				return line, nil, errClose
			}
			s.text = s.text[1:]
		default:
			w, err := s.word(c == '"')
			if err != nil {
				return line, nil, err
			}
			words = append(words, w)
		}
	}
	if depth > 0 {
		return line, nil, errOpen
	}
	return line, words, nil
}

// skip passes over blanks and a comment, and says whether there is more.
func (s *scanner) skip() bool {
	s.text = strings.TrimLeft(s.text, " \t\r")
	if strings.HasPrefix(s.text, ";") {
		s.text = s.text[len(s.upTo("\n")):]
	}
	return s.text != ""
}

// word takes a word off the text.
func (s *scanner) word(quoted bool) (word, error) {
	if !quoted {
		w := word{text: s.upTo(" \t\r\n;()\"")}
		s.text = s.text[len(w.text):]
		return w, nil
	}
	s.text = s.text[1:]
	w := word{text: s.upTo("\"\n"), quoted: true}
	s.text = s.text[len(w.text):]
	if s.text == "" || s.text[0] != '"' {
		return w, errQuote
	}
	s.text = s.text[1:]
	return w, nil
}

// upTo returns the text up to one of the octets in ends that no backslash stands
// before.
func (s *scanner) upTo(ends string) string {
	for i := 0; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\\' && i+1 < len(s.text) && s.text[i+1] != '\n':
			i++
		case strings.IndexByte(ends, c) >= 0:
			return s.text[:i]
		}
	}
	return s.text
}
