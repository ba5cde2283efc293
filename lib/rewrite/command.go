package rewrite

import (
	"errors"
	"fmt"
	"strings"
)

// ErrOption is what Match.Command says of an address that a command would
// take for an option.
var ErrOption = errors.New("the address would be an option of the command")

// Split parts the text of a command into its words, at blanks outside of
// quotes. ' and " quote, and a quote within such quotes is written twice;
// nothing else means anything.
func Split(text string) ([]string, error) { return fields(text) }

// Join is the text that Split parts into these words.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if w == "" || strings.ContainsAny(w, " \t\r'\"") {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", "''") + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// Command is the words of the rule's command: the rule is parted into words
// before its escapes are replaced, so that whatever the network said stands
// within one word. The error is ErrOption when that makes a word begin with a
// dash, which the command would take for an option, and no word -- comes before.
func (m Match) Command(v Values) ([]string, error) {
	words, err := commandWords(m.Args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Where(), err)
	}
	options := true
	for i, w := range words {
		options = options && w != "--"
		if words[i], err = m.replace(w, v); err != nil {
			return nil, err
		}
		if options && strings.HasPrefix(words[i], "-") && !strings.HasPrefix(w, "-") {
			return nil, fmt.Errorf("%s: %w", m.Where(), ErrOption)
		}
	}
	return words, nil
}

// commandWords parts the arguments of a rule into the words of its command.
func commandWords(args []string) ([]string, error) {
	var words []string
	for _, arg := range args {
		more, err := Split(arg)
		if err != nil {
			return nil, err
		}
		words = append(words, more...)
	}
	return words, CheckCommand(words)
}

// CheckCommand says what is wrong with the words of a command: the program is
// named by its whole path, and not by the network; and nothing is there that
// only a shell would understand.
func CheckCommand(words []string) error {
	switch {
	case len(words) == 0:
		return errors.New("no command")
	case !strings.HasPrefix(words[0], "/"):
		return fmt.Errorf("%q: a command is named by its whole path", words[0])
	case strings.ContainsAny(words[0], `\&`):
		return fmt.Errorf("%q: a command is not named by the address", words[0])
	}
	for _, w := range words {
		if isShell(w) {
			return fmt.Errorf("%q: no shell runs this command: say /bin/sh -c and quote what is for it", w)
		}
	}
	return nil
}

// isShell tells the words that a shell does not hand on.
func isShell(word string) bool {
	switch word {
	case "|", "||", "&&", ";", "<", ">", ">>", "2>", "2>&1", ">&2", ">/dev/null", "2>/dev/null":
		return true
	}
	return false
}
