package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"postern/lib/arg"
	"postern/lib/auth"
	"postern/lib/place"
)

// credentialConfig says where credentials come from.
type credentialConfig struct {
	file            string // --credentials
	passwordCommand string // --password-command
	tokenCommand    string // --token-command
}

// options adds the options about credentials.
func (c *credentialConfig) options(s *arg.Set) {
	s.String(&c.file, "credentials", "file", "take the users and passwords of servers from this file, which only its owner may read")
	s.String(&c.passwordCommand, "password-command", "command", "run this program, which prints the password")
	s.String(&c.tokenCommand, "token-command", "command", "run this program, which prints an access token (XOAUTH2)")
}

// errNoCredentials is a server for which there are none.
var errNoCredentials = errors.New("no credentials")

// find returns the credentials of a user at a host. When user is "", a file gives
// the first credentials that it has for the host, and a command is asked for
// those of whoever runs smtp. The error wraps errNoCredentials, or says what is
// wrong with the file or the command.
func (c *credentialConfig) find(ctx context.Context, host, user string) (auth.Credentials, error) {
	host = strings.TrimSuffix(host, ".")
	switch {
	case c.tokenCommand != "":
		name, secret, err := askCommand(ctx, c.tokenCommand, host, user)
		return auth.Credentials{User: name, Token: secret}, err
	case c.passwordCommand != "":
		name, secret, err := askCommand(ctx, c.passwordCommand, host, user)
		return auth.Credentials{User: name, Password: secret}, err
	case c.file != "":
		return inFile(c.file, owners(), host, user)
	}
	return c.findByDefault(host, user)
}

// findByDefault looks where systemd puts credentials ($CREDENTIALS_DIRECTORY),
// without a look at the file's mode, since systemd sees to who may read it, and
// then into the host's own file. A runq that runs as root has credentials that we
// may not read when it has started us as another user.
func (c *credentialConfig) findByDefault(host, user string) (auth.Credentials, error) {
	var closed error
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		found, err := inFile(filepath.Join(dir, "smtp"), nil, host, user)
		switch {
		case errors.Is(err, fs.ErrPermission):
			closed = err
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNoCredentials):
			return found, err
		}
	}
	name := filepath.Join(place.New(os.Getenv(place.RootEnv)).Etc(), "credentials")
	found, err := inFile(name, owners(), host, user)
	if errors.Is(err, fs.ErrNotExist) {
		err = cmp.Or(closed, fmt.Errorf("%w for %s: there is no %s", errNoCredentials, host, name))
	}
	return found, err
}
