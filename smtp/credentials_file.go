package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"postern/lib/auth"
	"postern/lib/dns"
)

// maxCredentials bounds a file of credentials, in octets.
const maxCredentials = 1 << 20

// inFile looks for a host and a user, any when user is "", in a file of lines
//
//	host user password the secret, to the end of the line
//	host user token    an access token
//
// Host is a name, or *.name for all below it as well. The first line that fits
// counts; "#" begins a comment line. The file has to belong to one of the
// owners, and nobody else may read it; nil for a file that others look after.
func inFile(name string, owners []int, host, user string) (auth.Credentials, error) {
	text, err := readSecrets(name, owners)
	if err != nil {
		return auth.Credentials{}, err
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		server, c, err := parseCredentials(strings.TrimRight(line, "\r\n"))
		switch {
		case err != nil:
			return auth.Credentials{}, fmt.Errorf("%s:%d: %w", name, number, err)
		case server != "" && dns.MatchDomain(server, host) && (user == "" || user == c.User):
			return c, nil
		}
	}
	if user != "" {
		host = user + " at " + host
	}
	return auth.Credentials{}, fmt.Errorf("%w for %s in %s", errNoCredentials, host, name)
}

// parseCredentials parses one line; server is "" for one that says nothing. No
// error has a part of the line in it, which might be the secret.
func parseCredentials(line string) (server string, c auth.Credentials, err error) {
	line = strings.TrimLeft(line, " \t")
	if line == "" || line[0] == '#' {
		return "", c, nil
	}
	var kind string
	server, line = cutWord(line)
	c.User, line = cutWord(line)
	kind, secret := cutWord(line)
	switch kind {
	case "password":
		c.Password = secret
	case "token":
		c.Token = secret
	default:
		return "", c, errors.New(`a line is "host user password ..." or "host user token ..."`)
	}
	return server, c, checkSecret(secret)
}

// cutWord takes the first word off a line.
func cutWord(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}

// owners are those whose secrets we may use: ourselves and root.
func owners() []int { return []int{os.Geteuid(), 0} }

// readSecrets reads a file that only its owner may read.
func readSecrets(name string, owners []int) (string, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w; it has to belong to user %d, whose rights smtp has", err, os.Geteuid())
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if owners != nil {
		info, err := f.Stat()
		if err != nil {
			return "", err
		}
		if err := checkOwner(info, owners); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCredentials+1))
	if err == nil && len(text) > maxCredentials {
		err = fmt.Errorf("%s: larger than %d octets", name, maxCredentials)
	}
	return string(text), err
}

// checkOwner says why a file is not private.
func checkOwner(info fs.FileInfo, owners []int) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("others may use it (mode %04o); chmod 600", mode)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	for _, uid := range owners {
		if int(st.Uid) == uid {
			return nil
		}
	}
	return fmt.Errorf("it belongs to user %d, not to us", st.Uid)
}
