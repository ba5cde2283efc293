package smtp

import "strings"

// Path is the argument of MAIL and RCPT.
type Path struct {
	Mailbox
	Route string // a source route as it stood, "@a,@b"; obeyed by nobody (RFC 5321 appendix C)
	Null  bool   // <>
}

// Syntax says what ParsePath accepts beyond RFC 5321.
type Syntax struct {
	UTF8      bool // non-ASCII addresses (RFC 6531); the caller refuses them when SMTPUTF8 is not among the parameters
	Loose     bool // blanks and doubled brackets around the address, or no brackets; a dot behind the domain
	LongLocal bool // local parts of more than MaxLocal octets, as some lists and rewriting schemes make them
	Local     bool // a local part without a domain
}

// AddressFault says which kind of rule an address broke.
type AddressFault int

// The kinds of AddressError.
const (
	FaultArgument AddressFault = iota // no FROM: or TO:, junk behind the path
	FaultAddress                      // syntax or length of the address
	FaultNonASCII                     // non-ASCII without leave
	FaultNull                         // <> where a mailbox has to be
)

// AddressError tells why an argument or an address was not accepted.
type AddressError struct {
	Fault AddressFault
	Why   string // our words, nothing of the peer's
}

func (e *AddressError) Error() string { return e.Why }

// Reply returns the answer to MAIL (sender) or RCPT with this fault: 501 5.5.4,
// 501 5.1.7 or 5.1.3, 553 5.6.7.
func (e *AddressError) Reply(sender bool) Reply {
	switch {
	case e.Fault == FaultArgument:
		return Say(501, InvalidArguments, e.Why)
	case e.Fault == FaultNonASCII:
		return Say(553, NonASCIIRefused, e.Why)
	case sender:
		return Say(501, SenderSyntax, e.Why)
	}
	return Say(501, RecipientSyntax, e.Why)
}

func badAddress(why string) error  { return &AddressError{FaultAddress, why} }
func badArgument(why string) error { return &AddressError{FaultArgument, why} }

// ParsePath parses the argument of MAIL (keyword "FROM") or RCPT ("TO"):
// "FROM:<a@example.org> SIZE=100". The rest is what stands behind the path,
// for ParseParams. space tells of a blank behind the colon, which RFC 5321
// 3.3 forbids and half the world sends; it is accepted. The null path is
// accepted behind FROM alone, <postmaster> behind TO alone. Errors are
// *AddressError.
func ParsePath(keyword, arg string, s Syntax) (p Path, rest string, space bool, err error) {
	n := len(keyword)
	if len(arg) <= n || arg[n] != ':' || !strings.EqualFold(arg[:n], keyword) {
		return Path{}, "", false, badArgument(keyword + ":<address> expected")
	}
	arg = arg[n+1:]
	trimmed := strings.TrimLeft(arg, " \t")
	space = len(trimmed) < len(arg)
	ps := pathParser{s: trimmed, syntax: s, postmaster: keyword == "TO"}
	p, err = ps.path()
	switch {
	case err != nil:
		return Path{}, "", space, err
	case pathLen(trimmed[:len(trimmed)-len(ps.s)]) > MaxPath:
		return Path{}, "", space, badAddress("address too long")
	case p.Null && keyword != "FROM":
		return Path{}, "", space, &AddressError{FaultNull, "a mailbox expected"}
	case ps.s != "" && ps.s[0] != ' ' && ps.s[0] != '\t':
		return Path{}, "", space, badArgument("junk behind the address")
	}
	return p, ps.s, space, nil
}

// pathLen is the length of a path with its brackets, which Loose lets go.
func pathLen(s string) int {
	if strings.HasPrefix(s, "<") {
		return len(s)
	}
	return len(s) + len("<>")
}

// pathParser takes a path off the front of s.
type pathParser struct {
	s          string
	syntax     Syntax
	postmaster bool // may stand alone
}

// path parses <@route:mailbox>, <> and what Loose allows besides.
func (p *pathParser) path() (Path, error) {
	open := p.brackets('<')
	if open == 0 && (!p.syntax.Loose || p.s == "") {
		return Path{}, badArgument("address in angle brackets expected")
	}
	if open > 0 && p.next() == '>' {
		return Path{Null: true}, p.closing(open)
	}
	route, err := p.route()
	if err != nil {
		return Path{}, err
	}
	m, err := p.mailbox()
	if err != nil {
		return Path{}, err
	}
	return Path{Mailbox: m, Route: route}, p.closing(open)
}

// next returns the next octet, 0 at the end.
func (p *pathParser) next() byte {
	if p.s == "" {
		return 0
	}
	return p.s[0]
}

// brackets takes the angle brackets and returns how many there were: one at
// most, unless Loose.
func (p *pathParser) brackets(c byte) (n int) {
	for p.next() == c && (n == 0 || p.syntax.Loose) {
		p.s = p.s[1:]
		n++
		p.blanks()
	}
	return n
}

// closing takes as many closing brackets as were opened, at least one.
func (p *pathParser) closing(open int) error {
	if open == 0 {
		return nil
	}
	p.blanks()
	for i := range open {
		if p.next() != '>' {
			if i > 0 {
				return nil // <<a@b> means no harm
			}
			return badAddress("no bracket at the end of the address")
		}
		p.s = p.s[1:]
	}
	return nil
}

func (p *pathParser) blanks() {
	if p.syntax.Loose {
		p.s = strings.TrimLeft(p.s, " \t")
	}
}

// route takes a source route and its colon: "@a,@b:" (RFC 5321 4.1.2, A-d-l).
func (p *pathParser) route() (string, error) {
	start := p.s
	for p.next() == '@' {
		p.s = p.s[1:]
		if _, err := p.domain(); err != nil {
			return "", err
		}
		switch c := p.next(); {
		case c == ':':
			route := start[:len(start)-len(p.s)]
			p.s = p.s[1:]
			return route, nil
		case c != ',' || len(p.s) < 2 || p.s[1] != '@':
			return "", badAddress("malformed source route")
		}
		p.s = p.s[1:]
	}
	return "", nil
}

// mailbox takes Local-part "@" (Domain / address-literal).
func (p *pathParser) mailbox() (m Mailbox, err error) {
	if m.Local, err = p.local(); err != nil {
		return Mailbox{}, err
	}
	if p.next() != '@' {
		return m, p.alone(m.Local)
	}
	p.s = p.s[1:]
	if m.Domain, err = p.domain(); err != nil {
		return Mailbox{}, err
	}
	return m, nil
}

// alone judges a local part without a domain: <postmaster> is meant for every
// host (RFC 5321 4.1.1.3), any other only where Local allows it.
func (p *pathParser) alone(local string) error {
	if local != "" && (p.syntax.Local || p.postmaster && strings.EqualFold(local, "postmaster")) {
		return nil
	}
	return badAddress("address without a domain")
}
