// Package rewrite reads the rules that say where an address goes, and finds
// the rule for one: see rewrite(5). It carries nothing out.
package rewrite

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"

	"postern/lib/dns"
)

// Kind is what a rule does with the addresses it matches.
type Kind int

// The kinds of rules, in the order of the manual page.
const (
	Mailbox   Kind = iota // >>: append to a mailbox
	Command               // |: run a command with the message as its input
	Alias                 // go on with other addresses
	Translate             // run a command that prints the other addresses
	Auth                  // run a command that says whether this address is permitted
)

// String is the word for k in a rules file.
func (k Kind) String() string {
	return [...]string{">>", "|", "alias", "translate", "auth"}[k]
}

// kind is the Kind that a word of the rules file stands for.
func kind(word string) (Kind, bool) {
	for k := Mailbox; k <= Auth; k++ {
		if k.String() == word {
			return k, true
		}
	}
	return 0, false
}

// Rule is one line of a rules file.
type Rule struct {
	Kind Kind
	Args []string // one or two templates, for Match.Expand
	File string
	Line int

	pattern string
	compile sync.Once // most sessions need the first rules only
	re      *regexp.Regexp
	err     error
}

// Where is the place of the rule in its file, for messages.
func (r *Rule) Where() string { return fmt.Sprintf("%s:%d", r.File, r.Line) }

// Rules are the rules of one file in their order.
type Rules []*Rule

// Match is a rule with the address that it matched.
type Match struct {
	*Rule
	groups []string // the whole address, then the parenthesised parts, as written
}

// Find is the first rule that matches all of address, whatever its case and
// whether its domain stands in UTF-8 or in A-labels. With skipAuth rules of the
// kind Auth are passed over. host stands for \l in
// patterns. A pattern that is no regular expression is an error once it is
// reached: what it was meant to match is not known, so nothing may go on to
// the rules behind it.
func (rs Rules) Find(address, host string, skipAuth bool) (Match, bool, error) {
	forms := spellings(address)
	for _, r := range rs {
		if skipAuth && r.Kind == Auth {
			continue
		}
		groups, err := r.match(forms, host)
		if err != nil {
			return Match{}, false, err
		}
		if groups != nil {
			return Match{r, groups}, true, nil
		}
	}
	return Match{}, false, nil
}

// Check is the errors of all patterns, for a configuration check.
func (rs Rules) Check(host string) []error {
	var errs []error
	for _, r := range rs {
		if _, err := r.match(nil, host); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// spellings are the forms of an address: as it was written, and with the other
// forms of its domain, which are the same domain (RFC 5890 2.3.2.4).
func spellings(address string) []string {
	at := strings.LastIndexByte(address, '@') + 1
	forms := []string{address}
	for _, domain := range [...]string{dns.ToASCII(address[at:]), dns.ToUnicode(address[at:])} {
		if !strings.EqualFold(domain, address[at:]) {
			forms = append(forms, address[:at]+domain)
		}
	}
	return forms
}

// match is the parts that r's pattern found in the first of the forms that it
// matches, nil if there is none.
func (r *Rule) match(forms []string, host string) ([]string, error) {
	r.compile.Do(func() {
		pattern := strings.ReplaceAll(r.pattern, `\l`, regexp.QuoteMeta(host))
		// By itself first: between our parentheses )|( would be two patterns.
		if _, r.err = syntax.Parse(pattern, syntax.Perl); r.err == nil {
			r.re, r.err = regexp.Compile(`\A(?i:` + pattern + `)\z`)
		}
		if r.err != nil {
			r.err = fmt.Errorf("%s: %w", r.Where(), r.err)
		}
	})
	if r.err != nil {
		return nil, r.err
	}
	for _, address := range forms {
		if groups := r.re.FindStringSubmatch(address); groups != nil {
			return groups, nil
		}
	}
	return nil, nil
}
