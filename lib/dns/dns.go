// Package dns asks the DNS. A Resolver is a value: it holds its own sockets
// and its own small cache, and nothing is opened or read before its first
// question.
//
// Names are given and returned without the final dot, "" being the root, and
// are never searched for in local domains.
package dns

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"time"
)

// Resolver answers questions. All methods may be called at the same time from
// several goroutines. Every error is an *Error that is ErrNotFound,
// ErrTemporary or ErrBogus (errors.Is).
type Resolver interface {
	// Query returns the records of one type, after following CNAMEs.
	Query(ctx context.Context, name string, t Type) (Answer, error)
	// LookupTXT returns the TXT records, the strings of each joined without
	// a blank (RFC 7208 3.3).
	LookupTXT(ctx context.Context, name string) ([]string, error)
	// LookupIP returns addresses; network is "ip4", "ip6", or "ip" for both,
	// IPv4 first.
	LookupIP(ctx context.Context, network, name string) ([]netip.Addr, error)
	// LookupMX returns the mail exchangers, most preferred first, those of
	// one preference in the order of the answer.
	LookupMX(ctx context.Context, name string) ([]MX, error)
	// LookupPTR returns the names that the address claims. Only those that
	// ValidName accepts are in it.
	LookupPTR(ctx context.Context, addr netip.Addr) ([]string, error)
}

// MX is a mail exchanger.
type MX struct {
	Host string // "" for the null MX: no mail, ever (RFC 7505)
	Pref uint16
}

// Answer is what there is of one type under one name.
type Answer struct {
	Name      string        // where the records stand, after the last CNAME
	Records   []Record      // at least one when there was no error
	TTL       time.Duration // how long all of it may be kept
	Aliases   []Record      // the CNAMEs that led to Name
	Authentic bool          // validated by DNSSEC, so says a server that we trust
}

// Record is one resource record.
type Record struct {
	Name string
	Type Type
	TTL  time.Duration
	Data string // in the form of zone files (RFC 1035 5.1), names with their final dot
}

// The kinds of errors. A bogus answer is a temporary error too (RFC 4035 5.5),
// so who does not care asks for ErrTemporary alone.
var (
	ErrNotFound  = errors.New("not found")
	ErrTemporary = errors.New("temporary error")
	ErrBogus     = errors.New("bogus answer")
)

// Error says which question had no answer, and why.
type Error struct {
	Name   string
	Type   Type
	Kind   error  // ErrNotFound, ErrTemporary or ErrBogus
	NoName bool   // with ErrNotFound: nothing of any type is there (NXDOMAIN)
	Reason string // in words, "" when the kind says all
	// Aliases are, with ErrNotFound, the CNAMEs that led to where nothing is.
	Aliases []Record

	ttl time.Duration // how long a cache may keep it
}

// Error returns as "mx.example MX: temporary error: 192.0.2.53 does not answer".
func (e *Error) Error() string {
	s := e.Name + " " + e.Type.String() + ": " + e.Kind.Error()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// Is makes errors.Is find the kind.
func (e *Error) Is(target error) bool {
	return target == e.Kind || target == ErrTemporary && e.Kind == ErrBogus
}

// Type is the type of a record.
type Type uint16

// The types that mail needs.
const (
	TypeA     Type = 1
	TypeNS    Type = 2
	TypeCNAME Type = 5
	TypeSOA   Type = 6
	TypePTR   Type = 12
	TypeMX    Type = 15
	TypeTXT   Type = 16
	TypeAAAA  Type = 28
	TypeSRV   Type = 33
	TypeDS    Type = 43
	TypeTLSA  Type = 52
	TypeCAA   Type = 257
)

// String returns the type's name, of others "TYPE99" (RFC 3597).
func (t Type) String() string {
	switch t {
	case TypeA:
		return "A"
	case TypeNS:
		return "NS"
	case TypeCNAME:
		return "CNAME"
	case TypeSOA:
		return "SOA"
	case TypePTR:
		return "PTR"
	case TypeMX:
		return "MX"
	case TypeTXT:
		return "TXT"
	case TypeAAAA:
		return "AAAA"
	case TypeSRV:
		return "SRV"
	case TypeDS:
		return "DS"
	case TypeTLSA:
		return "TLSA"
	case TypeCAA:
		return "CAA"
	}
	return "TYPE" + strconv.Itoa(int(t))
}

// Func makes a Resolver of a function that answers questions. The name that it
// is given is in lower case, in ASCII, without a final dot, and with the
// escapes of zone files (RFC 1035 5.1) where it has unusual octets.
func Func(query func(ctx context.Context, name string, t Type) (Answer, error)) Resolver {
	return lookups{query: query}
}
