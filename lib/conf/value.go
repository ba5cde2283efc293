package conf

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Value is the variable behind a directive. The functions of this package that
// make one (String, Bool, Int ...) serve most directives, and Func the others.
type Value struct {
	// Set takes the arguments of one line. Its error says what is wrong
	// with them; file, line and name are added by Load.
	Set func(args []string) error
	// Show gives what would set the variable to what it is now, the
	// arguments of one line or of several; nothing when it is not set.
	// Without it Check shows what Set was last given.
	Show func() [][]string
	// Reset empties the variable in front of the first line of a file, so
	// that a file replaces a default list and does not add to it.
	Reset func()
	// Note gives what Check says of the value behind its place: what of it
	// means nothing here. It may be nil, and give "".
	Note func() string

	boolean bool
}

// Func is a directive with a rule of its own. A program whose --check should
// show what flags made of it gives a Value with Show instead.
func Func(set func(args []string) error) Value { return Value{Set: set} }

// Checked is v for arguments that check has nothing against. Its error says which
// argument is wrong, and how.
func Checked(v Value, check func(arg string) error) Value {
	set := v.Set
	v.Set = func(args []string) error {
		for _, arg := range args {
			if err := check(arg); err != nil {
				return err
			}
		}
		return set(args)
	}
	return v
}

// one gives the only argument there may be.
func one(args []string) (string, error) {
	switch len(args) {
	case 0:
		return "", errors.New("needs an argument")
	case 1:
		return args[0], nil
	}
	return "", fmt.Errorf("%q is one argument too many (a blank is protected by quotes)", args[1])
}

// single makes the Value of a variable that one argument sets. show gives the
// argument, "" when it is not set.
func single[T any](p *T, parse func(string) (T, error), show func(T) string) Value {
	return Value{
		Set: func(args []string) error {
			word, err := one(args)
			if err != nil {
				return err
			}
			v, err := parse(word)
			if err == nil {
				*p = v
			}
			return err
		},
		Show: func() [][]string {
			if word := show(*p); word != "" {
				return [][]string{{word}}
			}
			return nil
		},
		Reset: func() {
			var unset T
			*p = unset
		},
	}
}

// String takes one argument; "" unsets it.
func String(p *string) Value {
	return single(p, func(s string) (string, error) { return s, nil }, func(s string) string { return s })
}

// Bool takes 1, on, yes, true, 0, off, no or false; no argument means on.
func Bool(p *bool) Value {
	return Value{
		Set: func(args []string) (err error) {
			on, err := parseBool(args)
			if err == nil {
				*p = on
			}
			return err
		},
		Show:    func() [][]string { return [][]string{{boolWord(*p)}} },
		boolean: true,
	}
}

func parseBool(args []string) (bool, error) {
	if len(args) == 0 {
		return true, nil
	}
	word, err := one(args)
	if err != nil {
		return false, err
	}
	switch strings.ToLower(word) {
	case "1", "on", "yes", "true":
		return true, nil
	case "0", "off", "no", "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither on nor off", word)
}

func boolWord(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// Int takes a number from min to max.
func Int(p *int, min, max int) Value {
	parse := func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		switch {
		case errors.Is(err, strconv.ErrSyntax):
			return 0, fmt.Errorf("%q is not a number", s)
		case err != nil || n < min || n > max:
			return 0, fmt.Errorf("%s is not in %s", s, span(min, max))
		}
		return n, nil
	}
	return single(p, parse, strconv.Itoa)
}

// span words a range of numbers.
func span(min, max int) string {
	if max == math.MaxInt {
		return fmt.Sprintf("%d and above", min)
	}
	return fmt.Sprintf("%d to %d", min, max)
}

// Size takes a number of octets, 10485760 or 10M; the letters are K, M and G,
// powers of 1024.
func Size(p *int64) Value { return single(p, ParseSize, showSize) }

// units are the letters behind a size, the greatest first.
const units = "GMK"

// ParseSize reads what Size takes.
func ParseSize(s string) (int64, error) {
	digits, shift := s, 0
	if s != "" {
		if i := strings.IndexByte(units, s[len(s)-1]&^0x20); i >= 0 {
			digits, shift = s[:len(s)-1], 10*(len(units)-i)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63-shift)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%s is too large", s)
	case err != nil:
		return 0, fmt.Errorf("%q is not a size: write octets, or a number with K, M or G", s)
	}
	return int64(n) << shift, nil
}

func showSize(n int64) string {
	for i := range len(units) {
		if shift := 10 * (len(units) - i); n != 0 && n&(1<<shift-1) == 0 {
			return strconv.FormatInt(n>>shift, 10) + units[i:i+1]
		}
	}
	return strconv.FormatInt(n, 10)
}

// Duration takes seconds, 300, or a form of time.ParseDuration: 5m, 1h30m. It
// is never negative.
func Duration(p *time.Duration) Value { return single(p, ParseDuration, showDuration) }

// DurationUpTo is Duration for a time above 0 and of at most max.
func DurationUpTo(p *time.Duration, max time.Duration) Value {
	parse := func(s string) (time.Duration, error) {
		d, err := ParseDuration(s)
		if err == nil && (d <= 0 || d > max) {
			err = fmt.Errorf("%s is not above 0 and at most %s", s, showDuration(max))
		}
		return d, err
	}
	return single(p, parse, showDuration)
}

// ParseDuration reads what Duration takes.
func ParseDuration(s string) (time.Duration, error) {
	text := s
	if isDigits(s) {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time: write seconds, or a form like 5m or 1h30m", s)
	}
	return d, nil
}

// showDuration is Duration.String without zeros behind: 5m, not 5m0s.
func showDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// Choice takes one of the words, in any case.
func Choice(p *string, words ...string) Value {
	parse := func(s string) (string, error) {
		for _, w := range words {
			if strings.EqualFold(s, w) {
				return w, nil
			}
		}
		return "", fmt.Errorf("%q is none of %s", s, strings.Join(words, ", "))
	}
	return single(p, parse, func(s string) string { return s })
}

// Strings takes any number of arguments; a directive that may be repeated adds.
func Strings(p *[]string) Value {
	return list(p, func(s string) (string, error) { return s, nil }, func(s string) string { return s })
}

// list makes the Value of a slice, one element for each argument.
func list[T any](p *[]T, parse func(string) (T, error), show func(T) string) Value {
	return Value{
		Set: func(args []string) error {
			if len(args) == 0 {
				return errors.New("needs an argument")
			}
			values := make([]T, len(args))
			for i, word := range args {
				var err error
				if values[i], err = parse(word); err != nil {
					return err
				}
			}
			*p = append(*p, values...)
			return nil
		},
		Show: func() [][]string {
			if len(*p) == 0 {
				return nil
			}
			words := make([]string, len(*p))
			for i, v := range *p {
				words[i] = show(v)
			}
			return [][]string{words}
		},
		Reset: func() { *p = nil },
	}
}

// Lines takes the text of a line, of each line when it may be repeated; it is
// for directives that are Raw.
func Lines(p *[]string) Value {
	return Value{
		Set: func(args []string) error {
			*p = append(*p, strings.Join(args, " "))
			return nil
		},
		Show: func() [][]string {
			var lines [][]string
			for _, text := range *p {
				lines = append(lines, []string{text})
			}
			return lines
		},
		Reset: func() { *p = nil },
	}
}
