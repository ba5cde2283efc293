package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"postern/lib/check"
	"postern/lib/conf"
	"postern/lib/prog"
	"postern/lib/smtp"
)

// mailerForm is what the directives say of how the mailer is run.
type mailerForm struct {
	emptySender string // stands for <>
	fromLine    bool
	user        string
	privileged  bool
}

// mailerFormRows are about how the mailer is run.
var mailerFormRows = []conf.Row[mailerForm]{
	{Name: "EmptySender", Args: "word", Default: "<>",
		Value: func(f *mailerForm) conf.Value { return conf.String(&f.emptySender) },
		Old:   conf.Old{Avenger: `""`},
		Help:  "What the mailer is given behind -f for the sender <>; some want \"\" or @."},
	{Name: "SendmailFromLine", Args: "[0|1]", Default: "0",
		Value: func(f *mailerForm) conf.Value { return conf.Bool(&f.fromLine) },
		Help:  "Give the mailer a line in front of the message as mbox files have it: From, the sender, the date."},
	{Name: "MailerUser", Synonyms: []string{"AvengerUser"}, Args: "user",
		Value: func(f *mailerForm) conf.Value { return conf.String(&f.user) },
		Old:   conf.Old{Avenger: "avenger"},
		Help:  "Run the mailer as this user when smtpd runs as root; as root unless said."},
	{Name: "SendmailPriv", Args: "[0|1]", Default: "0",
		Value: func(f *mailerForm) conf.Value { return conf.Bool(&f.privileged) },
		Help:  "Run the mailer as root when smtpd does, whatever MailerUser says."},
}

// usualFolders are where a mailer is looked for that is named without one and
// is none of ours.
var usualFolders = [...]string{"/usr/sbin", "/usr/lib", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"}

// mailerPath finds the mailer.
func (c *config) mailerPath() (string, error) {
	name := c.mailer[0]
	if filepath.IsAbs(name) {
		return name, nil
	}
	path, err := prog.Find(c.places, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	for _, dir := range usualFolders {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", err
}

// checkMailer is what --check says of the mailer: nothing when it is there.
func (c *config) checkMailer() error {
	if len(c.mailer) == 0 {
		return nil
	}
	path, err := c.mailerPath()
	if err == nil {
		_, err = os.Stat(path)
	}
	return err
}

// misread refuses an address that a mailer, or a script which it hands the
// address to, may take for an option or for a command.
func (s *session) misread(m smtp.Mailbox) check.Verdict {
	if len(s.conf.mailer) == 0 || !strings.HasPrefix(m.Local, "-") && !strings.HasPrefix(m.Local, "|") {
		return check.Verdict{}
	}
	return check.Verdict{Action: check.Reject, Check: "mailer", Reason: "an address that looks like an option or a command",
		Reply: smtp.Say(550, smtp.NotAuthorized, "no such address is taken here")}
}

// mailerCred is whom the mailer runs as; nil for us.
func (c *config) mailerCred() (*syscall.Credential, error) {
	f := &c.mailerForm
	if f.privileged || f.user == "" || os.Geteuid() != 0 {
		return nil, nil
	}
	cred, err := prog.Credential(f.user)
	if err != nil {
		return nil, fmt.Errorf("MailerUser %s: %w", f.user, err)
	}
	return cred, nil
}
