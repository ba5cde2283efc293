package main

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"postern/lib/conf"
	"postern/lib/smtp"
)

// A style is how clients are treated whose HELO name matches a pattern, as in
// smtpserver.conf of ZMailer.
type style struct {
	pattern string // of path.Match, in lower case
	flags   string // letters, or strict, or sloppy
	refusal string // flags that begin with !: the words of the refusal
	refuse  bool
	load    int // refuse when the load average is above; 0 for never
}

// usualStyle is that of ZMailer for clients that match no pattern.
const usualStyle = "ve"

// styleFlags are the letters that mean something here or did in ZMailer.
const styleFlags = "ftveRSFTDh-"

// leastStyleLoad is the least load that a style line may name.
const leastStyleLoad = 2

// parseStyle takes a pattern, flags, and a load. Words behind flags that begin
// with an exclamation mark belong to them.
func parseStyle(args []string) (style, error) {
	if len(args) < 2 {
		return style{}, errors.New("wants a pattern and flags")
	}
	st := style{pattern: strings.ToLower(args[0]), flags: args[1]}
	if _, err := path.Match(st.pattern, "x"); err != nil {
		return style{}, fmt.Errorf("%q is not a pattern", args[0])
	}
	rest := args[2:]
	if text, ok := strings.CutPrefix(st.flags, "!"); ok {
		st.flags, st.refuse = "", true
		st.refusal = strings.TrimSpace(strings.Join(append([]string{text}, rest...), " "))
		return st, nil
	}
	if st.flags != "strict" && st.flags != "sloppy" && strings.Trim(st.flags, styleFlags) != "" {
		return style{}, fmt.Errorf("%q is neither letters of %s, nor strict, nor sloppy", st.flags, styleFlags)
	}
	if len(rest) == 0 {
		return st, nil
	}
	n, err := strconv.Atoi(rest[0])
	if err != nil || len(rest) > 1 {
		return style{}, fmt.Errorf("%q is not a load", strings.Join(rest, " "))
	}
	st.load = max(n, leastStyleLoad)
	return st, nil
}

// words is what parseStyle would make the style of.
func (st style) words() []string {
	switch {
	case st.refuse:
		return []string{st.pattern, "!" + st.refusal}
	case st.load > 0:
		return []string{st.pattern, st.flags, strconv.Itoa(st.load)}
	}
	return []string{st.pattern, st.flags}
}

// styleValue is the directive.
func styleValue(p *[]style) conf.Value {
	return conf.Value{
		Set: func(args []string) error {
			st, err := parseStyle(args)
			if err == nil {
				*p = append(*p, st)
			}
			return err
		},
		Show: func() (lines [][]string) {
			for _, st := range *p {
				lines = append(lines, st.words())
			}
			return lines
		},
		Reset: func() { *p = nil },
	}
}

// style finds how a client of that name is taken. Without any pattern it is
// the zero style.
func (c *config) style(helo string) style {
	name := strings.ToLower(helo)
	for _, st := range c.wire.styles {
		if ok, _ := path.Match(st.pattern, name); ok {
			return st
		}
	}
	if c.table.Dialect() == conf.ZMailer {
		return style{flags: usualStyle}
	}
	return style{}
}

func (st style) has(flag string) bool {
	return st.flags != "strict" && st.flags != "sloppy" && strings.Contains(st.flags, flag)
}

func (st style) strict() bool { return st.flags == "strict" }

// loose says whether paths without brackets and the like are taken. Of R and
// S, S wins.
func (st style) loose() bool { return st.flags == "sloppy" || st.has("S") }

// domains says whether addresses need a domain. They do unless a style says
// otherwise by saying nothing of it.
func (st style) domains() bool { return st.flags == "" || st.strict() || st.has("R") && !st.loose() }

// checkVrfy and checkExpn say whether VRFY and EXPN look addresses up.
func (st style) checkVrfy() bool { return st.flags == "" || !st.has("-") && st.has("v") }
func (st style) checkExpn() bool { return st.flags == "" || !st.has("-") && st.has("e") }

// syntax is how paths are read. Lists (VERP), rewriting schemes (SRS) and
// addresses for answers have longer names than RFC 5321 4.5.3.1.1 grants, which
// asks for no limit where none is needed; nothing here needs one.
func (st style) syntax() smtp.Syntax {
	return smtp.Syntax{UTF8: true, LongLocal: true, Loose: st.loose(), Local: !st.domains()}
}

// adopt takes the style of a client that says its name. It is a refusal when
// the style is one.
func (s *session) adopt(helo string) (smtp.Reply, bool) {
	s.style = s.conf.style(helo)
	switch {
	case s.style.refuse:
		text := s.style.refusal
		if text == "" {
			text = "access denied."
		}
		s.rec.Set("reason", "refused by a style")
		return smtp.Say(501, smtp.NotAuthorized, "Sorry ["+s.clientLiteral()+"], "+text), true
	case s.style.load > 0 && s.loaded(s.style.load):
		return s.tooLoaded(), true
	}
	return smtp.Reply{}, false
}

// mannered refuses what a style does not let pass: strict refuses superfluous blanks
// around a verb's argument and, as R does, arguments of verbs that have none.
func (s *session) mannered(name, line, arg []byte) *smtp.Reply {
	st := s.style
	if st.flags == "" || strings.ToUpper(string(name)) == "BDAT" { // whose octets have to be read whatever is wrong
		return nil
	}
	if st.strict() {
		tight := len(name)
		if len(arg) > 0 {
			tight += 1 + len(arg)
		}
		if len(line) != tight {
			return refusal(501, smtp.CommandSyntax, "a blank too many")
		}
	}
	if (st.strict() || st.has("R")) && len(arg) > 0 && bare(string(name)) {
		return refusal(501, smtp.InvalidArguments, "this command takes no argument")
	}
	return nil
}

// bare says whether a verb is one whose argument, if there is one, is ignored.
func bare(name string) bool {
	switch strings.ToUpper(name) {
	case "NOOP", "QUIT", "TURN", "ONEX":
		return true
	}
	return false
}

// qualify gives an address without a domain our own, where the style allows such
// addresses.
func (s *session) qualify(m *smtp.Mailbox) {
	if m.Local != "" && m.Domain == "" && !s.style.domains() {
		m.Domain = s.conf.mail.Hostname
	}
}
