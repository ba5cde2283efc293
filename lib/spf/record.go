package spf

import "net/netip"

// Record is what a domain publishes: an SPF record without its version.
type Record struct {
	Directives []Directive
	Redirect   *MacroString // nil when there is none
	Exp        *MacroString // likewise
	Modifiers  []Modifier   // the unknown ones, which mean nothing
	text       string
}

// Directive is a mechanism with the result that it stands for.
type Directive struct {
	Result    Code // Pass, Fail, SoftFail or Neutral
	Mechanism Mechanism
	Domain    *MacroString // nil when there is none
	Net       netip.Prefix // of ip4 and ip6
	Bits4     int          // of a and mx: how much of an IPv4 address must agree, 32 by default
	Bits6     int          // the same of IPv6, 128 by default
	Pos       int          // where it begins in the record's text, in octets
	text      string
}

// Modifier is a name=value that RFC 7208 does not know (6).
type Modifier struct {
	Name  string
	Value *MacroString
	Pos   int
}

// Mechanism is one of those of RFC 7208 5.
type Mechanism uint8

// The mechanisms.
const (
	All Mechanism = iota
	Include
	A
	MX
	PTR
	IP4
	IP6
	Exists
)

// Parse reads a record as it is published, from "v=spf1" on. All of it is
// looked at (RFC 7208 4.6). The error is a *SyntaxError.
func Parse(text string) (*Record, error) { return nil, nil }

// ParseRules reads a record without the version in front, as a receiver's own
// rules are written: "a/24 mx/24 ptr". A version in front does no harm.
func ParseRules(text string) (*Record, error) { return nil, nil }

// SyntaxError says where in a record what is wrong.
type SyntaxError struct {
	Pos    int    // octets in front of it
	Term   string // the word that it is in
	Reason string
}

// Error returns as `"ip4:300.1.1.1" is not valid: no IPv4 address`.
func (e *SyntaxError) Error() string { return e.Reason }
