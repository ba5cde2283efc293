package conf

import "strings"

// Bounds of ZMailer's reader.
const (
	zmailerLine = 1023 // octets of a line
	zmailerArgs = 3    // arguments of a PARAM
)

// zmailer reads a line of smtpserver.conf: a PARAM, a style line, or a comment,
// which is what begins with # or a blank.
func (p *parser) zmailer(num int, line string) {
	if line == "" || line[0] == '#' || isBlank(line[0]) {
		return
	}
	if len(line) > zmailerLine {
		p.complain(num, "the line is longer than %d octets, its end is dropped", zmailerLine)
		line = line[:zmailerLine]
	}
	first, rest := cutWord(line)
	if strings.EqualFold(first, "PARAM") {
		p.param(num, rest)
	} else {
		p.style(num, first, rest)
	}
}

// param reads what stands behind PARAM: a name and at most three arguments.
func (p *parser) param(num int, text string) {
	name, raw := cutWord(text)
	if name == "" || name[0] == '#' {
		p.complain(num, "PARAM without a name")
		return
	}
	words, closed := zmailerWords(p.expand(raw))
	if !closed {
		p.complain(num, "PARAM %s: a quote is not closed", name)
	}
	p.add(num, append([]string{name}, words...), raw)
}

// style reads "pattern [load] flags". Flags that begin with ! go on to the end
// of the line, and whom they refuse they refuse under any load. A lone * for
// the load, as in old sample files, means none.
func (p *parser) style(num int, pattern, rest string) {
	load := ""
	flags, after := cutWord(rest)
	if flags == "*" || isDigits(flags) {
		load, rest = flags, after
		flags, _ = cutWord(rest)
	}
	if strings.HasPrefix(flags, "!") {
		flags, load = rest, ""
	}
	if flags == "" {
		p.complain(num, "the style line for %s has no flags", pattern)
		return
	}
	args := []string{flags}
	if isDigits(load) {
		args = append(args, load)
	}
	line := Line{File: p.file, Num: num, Name: strings.ToLower(pattern), Args: args, Raw: rest, Style: true}
	p.lines = append(p.lines, line)
}

// cutWord takes the first word off a text; blanks around both halves go.
func cutWord(text string) (word, rest string) {
	text = strings.Trim(text, " \t")
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimLeft(text[i:], " \t")
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// zmailerWords splits arguments. A word in '...' or "..." may have blanks; one
// that begins with # begins a comment. What is behind the third is dropped.
func zmailerWords(text string) (words []string, closed bool) {
	for text = strings.Trim(text, " \t"); text != "" && text[0] != '#' && len(words) < zmailerArgs; {
		word := ""
		if q := text[0]; q == '\'' || q == '"' {
			word, text, closed = strings.Cut(text[1:], string(q))
			if !closed {
				return append(words, word), false
			}
			text = strings.TrimLeft(text, " \t")
		} else {
			word, text = cutWord(text)
		}
		words = append(words, word)
	}
	return words, true
}

// expand replaces $NAME, ${NAME} and $(NAME) by the values of the environment
// and $$ by $. A name that is not there stays as it is written.
func (p *parser) expand(text string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		name, n := variable(text[i:])
		value, ok := "$", name == "$"
		if !ok {
			value, ok = p.env(name)
		}
		if name == "" || !ok {
			value = text[i : i+n]
		}
		b.WriteString(value)
		text = text[i+n:]
	}
}

// variable reads the name behind the dollar that text begins with, "$" for two
// dollars, "" for none; n is the length of it all.
func variable(text string) (name string, n int) {
	if len(text) < 2 {
		return "", 1
	}
	switch text[1] {
	case '$':
		return "$", 2
	case '{':
		return enclosed(text, '}')
	case '(':
		return enclosed(text, ')')
	}
	n = 1
	for n < len(text) && isNameOctet(text[n]) {
		n++
	}
	return text[1:n], n
}

func enclosed(text string, end byte) (name string, n int) {
	i := strings.IndexByte(text, end)
	if i < 0 {
		return "", 1
	}
	return text[2:i], i + 1
}

func isNameOctet(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || lower(c) >= 'a' && lower(c) <= 'z'
}
