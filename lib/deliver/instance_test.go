package deliver

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postern/lib/maildir"
	"postern/lib/place"
	"postern/lib/smtp"
)

// instance is a private place with users and files.
type instance struct {
	t      *testing.T
	root   string
	places place.Places
	config Config
}

// newInstance makes an instance for the host mx.example with a Maildir for
// each of the users.
func newInstance(t *testing.T, users ...string) *instance {
	t.Helper()
	in := &instance{t: t, root: t.TempDir(), config: Config{Hostname: "mx.example"}}
	in.places = place.New(in.root)
	for _, dir := range []string{in.places.Etc(), in.places.Spool(), in.places.Mail()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range users {
		if err := maildir.Create(in.box(user)); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// box is the Maildir of a user.
func (in *instance) box(user string) string { return in.places.Mail() + "/" + user }

// put writes a file of the instance.
func (in *instance) put(path, text string, mode fs.FileMode) string {
	in.t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(in.root, path)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		in.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		in.t.Fatal(err)
	}
	return path
}

func (in *instance) aliases(text string) { in.put(in.places.Aliases(), text, 0o644) }
func (in *instance) rules(text string)   { in.put(in.places.Etc()+"/rewrite", text, 0o644) }

func (in *instance) deliverer() *Deliverer { return New(in.config, in.places) }

// mails are the messages in a user's Maildir.
func (in *instance) mails(user string) []string {
	in.t.Helper()
	entries, err := os.ReadDir(in.box(user) + "/new")
	if err != nil {
		in.t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		text, err := os.ReadFile(in.box(user) + "/new/" + e.Name())
		if err != nil {
			in.t.Fatal(err)
		}
		list = append(list, string(text))
	}
	return list
}

// mailbox is the mailbox that s writes, or one without domain.
func mailbox(s string) smtp.Mailbox {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return smtp.Mailbox{Local: s}
	}
	return smtp.Mailbox{Local: s[:i], Domain: s[i+1:]}
}

// envelope is one from a@sender.example.
func envelope(rcpts ...string) *smtp.Envelope {
	env := &smtp.Envelope{Sender: mailbox("a@sender.example")}
	for _, r := range rcpts {
		env.Recipients = append(env.Recipients, smtp.Recipient{Mailbox: mailbox(r)})
	}
	return env
}

// routeText is where mail for address goes, with the instance's root as /.
func (in *instance) routeText(d *Deliverer, address string) string {
	list, err := d.Route(context.Background(), mailbox(address))
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), in.root, "")
	}
	var words []string
	for _, dest := range list {
		word := strings.ReplaceAll(dest.String(), in.root, "")
		word = strings.ReplaceAll(word, "/var/lib/postern/mail/", "~")
		switch dest.Kind {
		case Relay, Later, Nobody:
			word += " " + dest.Mailbox.String()
		}
		words = append(words, word)
	}
	slices.Sort(words)
	return strings.Join(words, "; ")
}
