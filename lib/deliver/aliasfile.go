package deliver

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"postern/lib/dns"
	"postern/lib/rewrite"
)

// Bounds of the aliases file and of what one alias stands for.
const (
	maxAliases  = 16 << 20 // octets of the file
	maxInclude  = 1 << 20  // octets of an included file
	maxMembers  = 10000    // destinations of one message's alias expansion
	maxDepth    = 10       // aliases within aliases, and files within files
	maxComplain = 20       // complaints about one file
)

// aliasTable is an aliases file in sendmail's format, indexed but not parsed:
// of many entries a session needs few.
type aliasTable struct {
	file    string
	entries map[string]string // name in lower case: its members as they stand
	broken  error             // lines that are no entries: names may be missing
}

// parseAliases reads the format of aliases(5): `name: member, member`; a line
// that begins with a blank goes on with the entry before it, empty lines and
// those that begin with # are passed over.
func parseAliases(file string, text []byte) (*aliasTable, error) {
	t := &aliasTable{file: file, entries: make(map[string]string)}
	var errs []error
	var entry string
	num, first := 0, 0
	end := func() {
		if err := t.add(entry); err != nil && len(errs) < maxComplain {
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, first, err))
		}
	}
	for line := range strings.Lines(string(text)) {
		num++
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#':
		case entry != "" && (line[0] == ' ' || line[0] == '\t'):
			entry += "\n" + trimmed
		default:
			end()
			entry, first = strings.TrimRight(line, " \t\r\n"), num
		}
	}
	end()
	t.broken = errors.Join(errs...)
	return t, nil
}

// add takes one entry into the table. As in sendmail, the later of two entries
// of one name is not obeyed, but said to be wrong.
func (t *aliasTable) add(line string) error {
	if line == "" {
		return nil
	}
	name, members, err := aliasName(line)
	if err != nil {
		return err
	}
	key := aliasKey(name)
	if _, twice := t.entries[key]; twice {
		return fmt.Errorf("alias %q is there twice", name)
	}
	t.entries[key] = members
	return nil
}

// aliasName takes the name and the colon off an entry.
func aliasName(line string) (name, members string, err error) {
	if strings.HasPrefix(line, `"`) {
		name, line, err = unquote(line)
		if err != nil {
			return "", "", err
		}
		rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), ":")
		if !ok {
			return "", "", fmt.Errorf("no colon behind %q", name)
		}
		return name, rest, nil
	}
	name, members, ok := strings.Cut(line, ":")
	if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, " \t\n") {
		return "", "", errors.New("not an entry: name: member, member")
	}
	return name, members, nil
}

// aliasKey is the name of an alias as it is compared: without regard to case
// and, of a whole address, to the form of its domain.
func aliasKey(name string) string {
	name = strings.ToLower(name)
	if !strings.Contains(name, "@") {
		return name
	}
	return dns.FoldAddress(name)
}

// find is what stands behind the name, and whether there is an entry.
func (t *aliasTable) find(name string) (members string, ok bool) {
	if t == nil {
		return "", false
	}
	members, ok = t.entries[aliasKey(name)]
	return members, ok
}

// check is all that is wrong with the entries.
func (t *aliasTable) check() []error {
	if t == nil {
		return nil
	}
	var errs []error
	if t.broken != nil {
		errs = append(errs, t.broken)
	}
	for _, name := range slices.Sorted(maps.Keys(t.entries)) {
		if _, err := parseMembers(t.entries[name]); err != nil {
			errs = append(errs, fmt.Errorf("%s: alias %s: %w", t.file, name, err))
		}
	}
	return errs
}

// member is one element of an alias.
type member struct {
	text string
	kind memberKind
}

type memberKind int

const (
	address memberKind = iota // a mailbox, or a name alone
	itself                    // \name: the mailbox, whatever aliases say
	file                      // /path
	command                   // |command, in the form of rewrite.Join
	include                   // :include:/path
)

// parseMembers reads a list of members parted by commas or line ends.
// Comments begin with # at the begin of a line.
func parseMembers(text string) ([]member, error) {
	var list []member
	for {
		text = strings.TrimLeft(text, " \t\r\n,")
		if text == "" {
			return list, nil
		}
		if text[0] == '#' {
			_, text, _ = strings.Cut(text, "\n")
			continue
		}
		word, rest, err := memberWord(text)
		if err != nil {
			return nil, err
		}
		if len(list) == maxMembers {
			return nil, fmt.Errorf("more than %d members", maxMembers)
		}
		m, err := newMember(word)
		if err != nil {
			return nil, err
		}
		list, text = append(list, m), rest
	}
}

// memberWord takes one member off text. One that is quoted as a whole, as
// "|command with blanks, and commas", loses its quotes; quotes within an
// address stay.
func memberWord(text string) (word, rest string, err error) {
	if text[0] == '"' {
		word, rest, err := unquote(text)
		if err != nil {
			return "", "", err
		}
		if rest = strings.TrimLeft(rest, " \t\r"); rest == "" || rest[0] == ',' || rest[0] == '\n' {
			return word, rest, nil
		}
		// "a b"@example.org: the quotes belong to the address.
	}
	end := memberEnd(text)
	return strings.TrimSpace(text[:end]), text[end:], nil
}

// memberEnd is the place of the comma or line end, outside of quotes, that
// ends the first member of text.
func memberEnd(text string) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == '\n', c == ',' && !quoted:
			return i
		}
	}
	return len(text)
}

// unquote takes a quoted string off text and undoes its backslashes.
func unquote(text string) (word, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], nil
		case c == '\n':
			return "", "", errors.New("unclosed quote")
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errors.New("unclosed quote")
}

// newMember finds out what a member is by how it begins.
func newMember(word string) (member, error) {
	if path, ok := cutFold(word, ":include:"); ok {
		if path = strings.TrimSpace(path); !strings.HasPrefix(path, "/") {
			return member{}, fmt.Errorf("%q: the path must begin with /", word)
		}
		return member{path, include}, nil
	}
	switch word[:min(1, len(word))] {
	case "":
		return member{}, errors.New(`"" is no address`)
	case "/":
		return member{word, file}, nil
	case "|":
		words, err := rewrite.Split(word[1:])
		if err == nil {
			err = rewrite.CheckCommand(words)
		}
		return member{rewrite.Join(words), command}, err
	case `\`:
		return member{word[1:], itself}, nil
	}
	return member{word, address}, nil
}

// cutFold is strings.CutPrefix, whatever the case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
