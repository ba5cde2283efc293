package arg

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse obeys the options in args and gives the operands. An error says which
// option is wrong: `unknown option -x`, `option -h needs a value: host`,
// `option -n: "a" is not a number`; it is ErrHelp for --help. Options in front
// of the wrong one have been obeyed.
func (s *Set) Parse(args []string) (operands []string, err error) {
	for len(args) > 0 {
		switch a := args[0]; {
		case a == "--":
			return args[1:], nil
		case strings.HasPrefix(a, "--"):
			args, err = s.word(a[2:], args[1:])
		case s.isOperand(a):
			return args, nil
		default:
			args, err = s.letters(a[1:], args[1:])
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// isOperand tells whether a, which is not "--", ends the options: it has no
// dash, is nothing but a dash, or is a negative number whose digit is no option.
func (s *Set) isOperand(a string) bool {
	if len(a) < 2 || a[0] != '-' {
		return true
	}
	return isNumber(a[1:]) && s.find(a[1:2]) == nil
}

// isNumber tells whether a is a decimal number without a sign.
func isNumber(a string) bool {
	digits, points := 0, 0
	for i := range len(a) {
		switch {
		case a[i] >= '0' && a[i] <= '9':
			digits++
		case a[i] == '.':
			points++
		default:
			return false
		}
	}
	return digits > 0 && points <= 1
}

// word obeys one option with two dashes, a, and gives what is left of rest.
func (s *Set) word(a string, rest []string) ([]string, error) {
	name, value, joined := strings.Cut(a, "=")
	o := s.find(name)
	switch {
	case o == nil && name == "help":
		return nil, ErrHelp
	case o == nil || len(name) < 2:
		return nil, fmt.Errorf("unknown option --%s%s", printable(name), s.suggest(name))
	case o.value == "" && joined:
		return nil, fmt.Errorf("option --%s takes no value", name)
	case o.value == "" || o.optional || joined:
		return rest, o.obey(name, value)
	}
	return o.next(name, rest)
}

// letters obeys options joined behind one dash; the first that takes a value
// has what is left of the word, or else the next one.
func (s *Set) letters(a string, rest []string) ([]string, error) {
	for a != "" {
		_, n := utf8.DecodeRuneInString(a)
		name, after := a[:n], a[n:]
		o := s.find(name)
		switch {
		case o == nil:
			return nil, fmt.Errorf("unknown option -%s", printable(name))
		case o.value == "":
			if err := o.obey(name, ""); err != nil {
				return nil, err
			}
		case after != "":
			return rest, o.obey(name, after)
		default:
			return o.next(name, rest)
		}
		a = after
	}
	return rest, nil
}

// printable escapes what a terminal should not be sent.
func printable(name string) string {
	quoted := strconv.Quote(name)
	return quoted[1 : len(quoted)-1]
}

// next obeys the option with the first of rest as its value.
func (o *option) next(name string, rest []string) ([]string, error) {
	if len(rest) == 0 {
		return nil, fmt.Errorf("option %s needs a value: %s", dashed(name), o.value)
	}
	return rest[1:], o.obey(name, rest[0])
}

func (o *option) obey(name, value string) error {
	if err := o.do(value); err != nil {
		return fmt.Errorf("option %s: %w", dashed(name), err)
	}
	return nil
}

func (s *Set) find(name string) *option {
	for i := range s.options {
		for n := range strings.SplitSeq(s.options[i].names, ",") {
			if n == name {
				return &s.options[i]
			}
		}
	}
	return nil
}

// suggest names the word option that begins as name does, where there is just one.
func (s *Set) suggest(name string) string {
	const enough = 2 // letters that must agree
	found := ""
	for i := range s.options {
		for n := range strings.SplitSeq(s.options[i].names, ",") {
			if len(n) < 2 || len(name) < enough || !strings.HasPrefix(n, name[:enough]) {
				continue
			}
			if found != "" {
				return ""
			}
			found = n
		}
	}
	if found == "" {
		return ""
	}
	return " (did you mean --" + found + "?)"
}
