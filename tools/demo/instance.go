package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"postern/lib/place"
	"postern/lib/safefile"
	"postern/lib/sysexits"
	"postern/lib/tlsconf"
)

const (
	hostname = "mx.demo.test" // .test is nobody's (RFC 6761)
	domain   = "demo.test"
	user     = "you"
	mailbox  = user + "@" + domain
)

// configuration is smtpd.conf of the instance.
const configuration = `# smtpd.conf of the demonstration. The next session obeys what you change here;
# "smtpd --check" says what is in force.

Hostname   ` + hostname + `
Domains    ` + domain + `
Separator  +                    # ` + user + `+anything@` + domain + ` is the mailbox ` + user + `
SSLcert    cert.pem             # made for you, signed by nobody
SSLkey     privkey.pem
ClientName 0                    # ask no DNS
`

// aliases is etc/aliases of the instance.
const aliases = "# Other names of mailboxes.\npostmaster: " + user + "\n"

// instance is a private copy of all that the programs need, below one folder.
type instance struct {
	place.Places
	root      string
	temporary bool
	known     []string // messages that lay in the mailbox before
}

// newInstance makes the folder dir for an instance, or a temporary one. What
// is in it already is used.
func newInstance(dir string) (*instance, error) {
	root, err := filepath.Abs(dir)
	if dir == "" {
		root, err = os.MkdirTemp("", "postern-demo-")
	}
	if err != nil {
		return nil, failf(sysexits.CantCreat, "no folder for the instance: %w (-d dir chooses one)", err)
	}
	in := &instance{Places: place.New(root), root: root, temporary: dir == ""}
	for _, d := range []string{in.Etc(), in.Programs(), in.Run(), in.Queue(), in.maildir() + "/new", in.maildir() + "/cur", in.maildir() + "/tmp"} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			in.remove()
			return nil, failf(sysexits.CantCreat, "no folder for the instance: %w", err)
		}
	}
	return in, nil
}

// remove takes a temporary instance away.
func (in *instance) remove() {
	if in.temporary {
		os.RemoveAll(in.root)
	}
}

func (in *instance) maildir() string            { return filepath.Join(in.Mail(), user) }
func (in *instance) configFile() string         { return filepath.Join(in.Etc(), "smtpd.conf") }
func (in *instance) program(name string) string { return filepath.Join(in.Programs(), name) }

// furnish writes the configuration, the aliases and a certificate, each
// unless it is there, and notes which messages are.
func (in *instance) furnish(now time.Time) error {
	if err := in.certify(now); err != nil {
		return err
	}
	for name, text := range map[string]string{in.configFile(): configuration, in.Aliases(): aliases} {
		if err := writeNew(name, text); err != nil {
			return err
		}
	}
	var err error
	in.known, err = in.messages()
	return err
}

// writeNew writes a file that is not there.
func writeNew(name, text string) error {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return safefile.WriteFile(name, []byte(text), 0o600)
}

// certify makes a certificate, unless there is one that is still good.
func (in *instance) certify(now time.Time) error {
	cert, key := filepath.Join(in.Etc(), "cert.pem"), filepath.Join(in.Etc(), "privkey.pem")
	if tlsconf.Server(tlsconf.Options{Pairs: []tlsconf.Pair{{Cert: cert, Key: key}}}).Check(now) == nil {
		return nil
	}
	certPEM, keyPEM, err := tlsconf.SelfSigned(now, hostname, domain, "localhost", "127.0.0.1")
	if err != nil {
		return err
	}
	if err := safefile.WriteFile(key, keyPEM, 0o600); err != nil {
		return err
	}
	return safefile.WriteFile(cert, certPEM, 0o600)
}

// messages lists the new messages in the mailbox.
func (in *instance) messages() ([]string, error) {
	entries, err := os.ReadDir(in.maildir() + "/new")
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// newest finds the message that came since furnish, the letter, and returns
// its file and text.
func (in *instance) newest() (file, text string, err error) {
	names, err := in.messages()
	if err != nil {
		return "", "", err
	}
	for _, name := range names {
		if slices.Contains(in.known, name) {
			continue
		}
		file = filepath.Join(in.maildir(), "new", name)
		data, err := os.ReadFile(file)
		if err != nil {
			return "", "", err
		}
		if strings.Contains(string(data), letterSubject) {
			return file, string(data), nil
		}
	}
	return "", "", fmt.Errorf("the message was accepted and does not lie in %s/new", in.maildir())
}

// quote makes s one word of the shell.
func quote(s string) string {
	if !strings.ContainsFunc(s, func(c rune) bool {
		return !strings.ContainsRune("/._-+=:@%", c) && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
