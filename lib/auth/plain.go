package auth

import (
	"bytes"
	"context"
)

// plainExchange is PLAIN (RFC 4616): one response,
//
//	[authzid] NUL authcid NUL password
type plainExchange struct {
	claimed
	accounts accounts
}

func (x *plainExchange) Next(ctx context.Context, response []byte) ([]byte, bool, error) {
	if response == nil {
		return []byte{}, false, nil
	}
	parts := bytes.Split(response, []byte{0})
	if len(parts) != 3 || len(parts[2]) > MaxPassword {
		return nil, false, ErrSyntax
	}
	if err := x.claim(string(parts[1])); err != nil {
		return nil, false, err
	}
	// Nobody may act for another: an identity to act as is one's own.
	if as := string(parts[0]); as != "" && as != x.User() {
		return nil, false, ErrCredentials
	}
	err := x.accounts.verify(ctx, x.User(), string(parts[2]))
	return nil, err == nil, err
}

// loginExchange is LOGIN: the name and the password, each asked for. Clients
// ignore what the questions say, or want these very words.
type loginExchange struct {
	claimed
	accounts accounts
}

func (x *loginExchange) Next(ctx context.Context, response []byte) ([]byte, bool, error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case x.User() == "":
		if err := x.claim(string(response)); err != nil {
			return nil, false, err
		}
		return []byte("Password:"), false, nil
	case len(response) > MaxPassword:
		return nil, false, ErrSyntax
	}
	err := x.accounts.verify(ctx, x.User(), string(response))
	return nil, err == nil, err
}
