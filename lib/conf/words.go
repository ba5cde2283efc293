package conf

import (
	"strings"
)

// words reads the native grammar; with comments, a word that begins with # ends
// its line, else only a line that begins so is a comment.
func (p *parser) words(text string, comments bool) {
	s := &scanner{text: text, line: 1, comments: comments}
	for s.skipToName() {
		num := s.line
		words, raw, err := s.directive()
		if err != "" {
			p.complain(num, "%s", err)
			continue
		}
		p.add(num, words, raw)
	}
}

// scanner goes through a text of the native grammar.
type scanner struct {
	text     string
	at       int
	line     int
	comments bool
}

// skipToName goes to the next line that is neither empty nor a comment, and is
// false when there is none.
func (s *scanner) skipToName() bool {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case isBlank(c):
			s.at++
		case c == '\n':
			s.at++
			s.line++
		case c == '#':
			s.skipLine()
		case s.joins():
			s.join()
		default:
			return true
		}
	}
	return false
}

// skipLine goes to the end of the line. A backslash does not join another line
// to a comment.
func (s *scanner) skipLine() {
	n := strings.IndexByte(s.text[s.at:], '\n')
	if n < 0 {
		n = len(s.text) - s.at
	}
	s.at += n
}

// joins tells whether the backslash that ends a line is next.
func (s *scanner) joins() bool {
	rest := s.text[s.at:]
	return rest == `\` || strings.HasPrefix(rest, "\\\n")
}

func (s *scanner) join() {
	s.at = min(s.at+2, len(s.text))
	s.line++
}

// directive reads words up to the end of the line. raw is the text behind the
// first of them; complaint is "" when nothing is wrong.
func (s *scanner) directive() (words []string, raw, complaint string) {
	rawStart, rawEnd := 0, 0
	for !s.lineEnds() {
		switch c := s.text[s.at]; {
		case isBlank(c):
			s.at++
			continue
		case s.joins():
			s.join()
			continue
		case c == '#' && s.comments:
			s.skipLine()
			continue
		}
		word, closed := s.word()
		if !closed {
			return nil, "", `a " is not closed`
		}
		words = append(words, word)
		rawEnd = s.at
		if len(words) == 1 {
			rawStart = s.at
		}
	}
	return words, strings.ReplaceAll(s.text[rawStart:rawEnd], "\\\n", ""), ""
}

// lineEnds tells whether nothing more is on the line.
func (s *scanner) lineEnds() bool {
	return s.at >= len(s.text) || s.text[s.at] == '\n'
}

// word reads one word and says whether its quotes are closed.
func (s *scanner) word() (word string, closed bool) {
	var b strings.Builder
	quoted := false
	for !s.lineEnds() {
		if s.joins() {
			s.join()
			continue
		}
		c := s.text[s.at]
		if isBlank(c) && !quoted {
			break
		}
		s.at++
		switch c {
		case '\\':
			b.WriteByte(s.text[s.at])
			s.at++
		case '"':
			quoted = !quoted
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), !quoted
}

// splitNative gives the words of one line, for defaults in tables.
func splitNative(text string) (words []string, complaint string) {
	s := &scanner{text: text, comments: true}
	words, _, complaint = s.directive()
	return words, complaint
}

// quote writes a word so that the native grammar reads it again.
func quote(word string) string {
	if word != "" && word[0] != '#' && !strings.ContainsAny(word, " \t\"\\") {
		return word
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(word) {
		if word[i] == '"' || word[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(word[i])
	}
	b.WriteByte('"')
	return b.String()
}

// quoteAll writes words with blanks between them.
func quoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}
