package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
)

// accounts is what the mechanisms that are computed here ask. None of the
// answers says whether the user exists, neither by what it is nor by how long
// it takes.
type accounts interface {
	// verify checks a password: nil, ErrCredentials, ErrBusy, ErrUnavailable.
	verify(ctx context.Context, user, password string) error
	// secret is the plain password for CRAM-MD5, made up for those without.
	secret(user string) (string, error)
	// keys are those of SCRAM, made up for those without.
	keys(user string) (ScramKeys, error)
}

// begin starts an exchange of a mechanism that is computed here.
func begin(mechanism string, p Peer, a accounts) (Exchange, error) {
	switch {
	case mechanism == Plain:
		return &plainExchange{accounts: a}, nil
	case mechanism == Login:
		return &loginExchange{accounts: a}, nil
	case mechanism == CramMD5:
		return &cramExchange{accounts: a, host: p.Host, nonce: newNonce()}, nil
	case mechanism == Scram, mechanism == ScramPlus && p.Binding != nil:
		return &scramExchange{accounts: a, binding: p.Binding, plus: mechanism == ScramPlus, nonce: newNonce()}, nil
	}
	return nil, ErrMechanism
}

// newNonce is 144 random bits in base64: printable, without a comma.
func newNonce() string {
	var b [18]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// claimed is the part of every exchange that knows the name.
type claimed string

// User is the name that the client claims.
func (c *claimed) User() string { return string(*c) }

// Close has nothing to give up.
func (c *claimed) Close() {}

// claim takes a name that is within its bounds.
func (c *claimed) claim(name string) error {
	if name == "" || len(name) > MaxName || !plainText(name) {
		return ErrSyntax
	}
	*c = claimed(name)
	return nil
}

// plainText reports that s has no control characters: the prohibited output of
// RFC 4013 as far as it can get lost on its way through files and programs.
// Octets beyond ASCII are taken as they come.
func plainText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
