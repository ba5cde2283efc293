package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"postern/lib/prog"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

const (
	// maxSecret bounds a password or token, in octets: it has to go into a line.
	maxSecret = smtp.MaxAuthLine

	// commandLimit is how long a command may think, or ask a person.
	commandLimit = time.Minute
)

// commandEnv is what a keeper of passwords may need of our environment.
var commandEnv = [...]string{
	"HOME", "USER", "LOGNAME", "PATH", "LANG", "TERM", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
	"XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "GPG_TTY", "SSH_AUTH_SOCK", "PASSWORD_STORE_DIR",
}

// askCommand runs a command for the secret of a user at a host, and says who
// the user is when name is "": whoever runs smtp. The command's words are
// those between blanks; no shell sees them. It prints the secret in its first
// line; no error says what it printed.
func askCommand(ctx context.Context, command, host, name string) (user, secret string, err error) {
	if name, err = ourselves(name); err != nil {
		return "", "", err
	}
	words := strings.Fields(command)
	if len(words) == 0 || !filepath.IsAbs(words[0]) {
		return "", "", fmt.Errorf("the command %q: its first word is to be a path from the root", command)
	}
	res, err := prog.Run(ctx, prog.Command{
		Path: words[0], Args: words[1:], Env: askEnv(host, name), Limit: commandLimit,
	})
	switch {
	case err != nil:
		return "", "", fmt.Errorf("the command %s: %w", words[0], err)
	case res.Status != sysexits.OK:
		return "", "", fmt.Errorf("the command %s: exit status %d: %s", words[0], res.Status, res.Reason)
	}
	secret, _, _ = strings.Cut(string(res.Output), "\n")
	if err := checkSecret(strings.TrimSuffix(secret, "\r")); err != nil {
		return "", "", fmt.Errorf("the command %s: %w", words[0], err)
	}
	return name, strings.TrimSuffix(secret, "\r"), nil
}

// ourselves is a user's name, or for "" that of whoever runs us.
func ourselves(name string) (string, error) {
	if name != "" {
		return name, nil
	}
	u, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("no user name: %w; say -u", err)
	}
	return u.Username, nil
}

// askEnv is the environment of a command.
func askEnv(host, user string) []string {
	return prog.Inherit([]string{"SMTP_HOST=" + host, "SMTP_USER=" + user}, commandEnv[:]...)
}

// checkSecret refuses what no mechanism can carry (RFC 4616 section 2).
func checkSecret(secret string) error {
	switch {
	case secret == "":
		return errors.New("no secret")
	case len(secret) > maxSecret:
		return fmt.Errorf("a secret of more than %d octets", maxSecret)
	case strings.ContainsAny(secret, "\x00\r\n"):
		return errors.New("a secret with a control character in it")
	}
	return nil
}
