package smtp

// Path is the argument of MAIL and RCPT.
type Path struct {
	Mailbox
	Route string // a source route as it stood, "@a,@b"; obeyed by nobody (RFC 5321 appendix C)
	Null  bool   // <>
}

// Syntax says what ParsePath accepts beyond RFC 5321.
type Syntax struct {
	UTF8      bool // non-ASCII addresses (RFC 6531); the caller refuses them when SMTPUTF8 is not among the parameters
	Loose     bool // blanks around and inside the brackets, or no brackets
	LongLocal bool // local parts of more than 64 octets, as some lists and rewriting schemes make them
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

// Reply returns the answer to MAIL (sender) or RCPT with this fault.
func (e *AddressError) Reply(sender bool) Reply { return Reply{} }

// ParsePath parses the argument of MAIL (keyword "FROM") or RCPT ("TO"):
// "FROM:<a@example.org> SIZE=100". The rest is what stands behind the path,
// for ParseParams. space tells of a blank behind the colon, which RFC 5321
// 3.3 forbids and half the world sends; it is accepted. The null path is
// accepted behind FROM alone, <postmaster> behind TO alone. Errors are
// *AddressError.
func ParsePath(keyword, arg string, s Syntax) (p Path, rest string, space bool, err error) {
	return Path{}, "", false, nil
}
