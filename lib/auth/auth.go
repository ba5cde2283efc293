// Package auth is SASL (RFC 4422): the mechanisms as state machines over the
// octets of challenges and responses, for servers and for clients, and the
// places where a server finds out who may come in: a file of users, a program,
// Dovecot's auth socket. It knows nothing of the protocol that carries the
// octets, nor of its base64.
//
//	m, err := backend.Mechanisms(ctx)
//	x, err := backend.Begin(ctx, "SCRAM-SHA-256", peer)
//	defer x.Close()
//	challenge, done, err := x.Next(ctx, response) // until done, or an error
//	user := x.User()
//
// No error, and nothing else that this package returns but what has to go to
// the peer, holds a password or anything from which one could be guessed.
package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// The mechanisms that are computed here.
const (
	ScramPlus = "SCRAM-SHA-256-PLUS" // RFC 7677 with channel binding
	Scram     = "SCRAM-SHA-256"      // RFC 7677
	CramMD5   = "CRAM-MD5"           // RFC 2195
	Plain     = "PLAIN"              // RFC 4616
	Login     = "LOGIN"              // never a standard, and everywhere
	XOAuth2   = "XOAUTH2"            // on the client's side only
)

// Why an exchange ends without success, to be asked for with errors.Is.
var (
	// ErrCredentials is a user who does not exist or a secret that is not his;
	// nobody can tell which.
	ErrCredentials = errors.New("bad credentials")
	// ErrSyntax is a response that is none of its mechanism.
	ErrSyntax = errors.New("malformed response")
	// ErrMechanism is a mechanism that the back-end does not know.
	ErrMechanism = errors.New("unknown mechanism")
	// ErrUnavailable is a fault of ours: nothing can be said of the
	// credentials now.
	ErrUnavailable = errors.New("authentication not available")
	// ErrBusy is a machine on which enough passwords are being checked already.
	ErrBusy = errors.New("too many authentications at once")
)

// unavailable is ErrUnavailable, and why.
func unavailable(err error) error { return fmt.Errorf("%w: %w", ErrUnavailable, err) }

// Bounds of what a client may say (RFC 4616 section 2 names the first).
const (
	MaxName     = 255  // octets of a user's name
	MaxPassword = 1024 // octets of a password
	MaxNonce    = 1024 // octets of a nonce of SCRAM
)

// Peer is what an exchange may have to know of the connection.
type Peer struct {
	Service string // of SASL: "smtp"
	Host    string // our name, for the challenge of CRAM-MD5
	Client  netip.AddrPort
	Server  netip.AddrPort
	Secure  bool // under TLS
	// Binding is the tls-exporter channel binding (RFC 9266), 32 octets, where
	// a mechanism with channel binding was offered; else nil.
	Binding []byte
}

// Exchange is the server's side of one authentication.
type Exchange interface {
	// Next takes what the client said, in the first call its initial response
	// or nil when it sent none, which is something else than an empty one. It
	// gives the next challenge, or says that the client is who it claims to
	// be. An error ends the exchange.
	Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error)
	// User is the name that the client claims, "" as long as none is known.
	// It is checked when Next has said done, and only then. It may hold any
	// octets but NUL.
	User() string
	// Close gives the exchange up, or ends it when it is over.
	Close()
}

// Backend knows who may come in.
type Backend interface {
	// Mechanisms are those that every user can be let in by, strongest first.
	Mechanisms(ctx context.Context) ([]string, error)
	// Begin starts an exchange. Its error is ErrMechanism or ErrUnavailable.
	Begin(ctx context.Context, mechanism string, p Peer) (Exchange, error)
}

// Slots keeps the number of passwords that are checked at once on the machine
// bounded. It gives a place, to be left by release, or ErrBusy, or another
// error when it cannot know.
type Slots func(ctx context.Context) (release func(), err error)

// take waits for a place where there are slots at all.
func (s Slots) take(ctx context.Context) (release func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	return s(ctx)
}

// Plaintext reports whether a mechanism shows the password, or something as
// good, to everyone who listens on the line. What is not known to be safe is
// not.
func Plaintext(mechanism string) bool {
	switch mechanism {
	case ScramPlus, Scram, CramMD5, "SCRAM-SHA-1", "SCRAM-SHA-512", "DIGEST-MD5", "GSSAPI":
		return false
	}
	return true
}

// Binds reports whether a mechanism needs Peer.Binding.
func Binds(mechanism string) bool { return mechanism == ScramPlus }

// ValidMechanism reports whether s has the form of a mechanism's name
// (RFC 4422 3.1), in capitals.
func ValidMechanism(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 20
}
