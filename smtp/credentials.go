package main

import (
	"context"
	"errors"

	"postern/lib/arg"
	"postern/lib/auth"
)

// credentialConfig says where credentials come from.
type credentialConfig struct{}

// options adds the options about credentials.
func (c *credentialConfig) options(s *arg.Set) {}

// errNoCredentials is a server for which there are none.
var errNoCredentials = errors.New("no credentials")

// find returns what to prove to a host: those of the user, or of whoever runs
// smtp when user is "". The error is errNoCredentials, or says which file or
// command is of no use.
func (c *credentialConfig) find(ctx context.Context, host, user string) (auth.Credentials, error) {
	return auth.Credentials{}, errNoCredentials
}
