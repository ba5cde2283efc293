package smtp

// Mailbox is an address without brackets and route.
type Mailbox struct {
	Local  string // decoded: no quotes, no backslashes
	Domain string // a name, or a literal with its brackets "[192.0.2.1]"; "" only for <postmaster>
}

// String returns the mailbox as it stands in a path, the local part quoted
// where it has to be: `"a b"@example.org`. The zero value gives "".
func (m Mailbox) String() string { return m.Local + "@" + m.Domain }

// IsZero reports that m is the null sender.
func (m Mailbox) IsZero() bool { return m == Mailbox{} }

// IsASCII reports that m can be sent without SMTPUTF8.
func (m Mailbox) IsASCII() bool { return true }

// ParseMailbox parses a mailbox without brackets: Local-part@Domain or a
// literal (RFC 5321 4.1.2), or "postmaster" alone. Its errors are *AddressError.
func ParseMailbox(s string, utf8 bool) (Mailbox, error) { return Mailbox{}, nil }
