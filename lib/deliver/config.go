package deliver

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"postern/lib/conf"
	"postern/lib/place"
	"postern/lib/rewrite"
	"postern/lib/smtp"
)

// maxRules bounds the file of rewrite rules, in octets.
const maxRules = 1 << 20

// maxReceived is the number of Received fields at which a message is taken
// to be in a loop. RFC 5321 6.3 wants at least 100.
const maxReceived = 100

// Config is what decides where mail goes. Empty paths stand for the usual
// places (see New).
type Config struct {
	Hostname    string   // this host's own name: mail for it is ours; the system's name if empty
	Domains     []string // ours as well: "dom", or "*.dom" for all below dom
	Rules       string   // rewrite rules, see rewrite(5); the file need not exist
	Aliases     string   // aliases in sendmail's format; the file need not exist
	Mail        string   // the folder with a Maildir per user
	Queue       string   // the queue's folder
	Separator   string   // characters between user and extension ("+"); none if empty
	MaxReceived int      // Received fields at which a message loops
	NoAliases   bool     // pass over the aliases

	// Commands says that this process carries out commands, translate and auth
	// rules, and users' forward and pipeto. To all others these are a reason
	// to queue.
	Commands bool
	// CommandAs are the rights of the commands in rules and aliases; nil for
	// our own.
	CommandAs *syscall.Credential
}

// Directives are the rows of a configuration that set c, shared by the
// programs that deliver. They show c's defaults, so those that are numbers are
// set here.
func (c *Config) Directives() conf.Section {
	if c.MaxReceived == 0 {
		c.MaxReceived = maxReceived
	}
	return conf.Of(rows, c)
}

var rows = []conf.Row[Config]{
	{Name: "Hostname", Synonyms: []string{"defaultdomain"}, Args: "name",
		Value: func(c *Config) conf.Value { return conf.Checked(conf.String(&c.Hostname), checkHost) },
		Help:  "The name of this host: in the greeting, in Received, and as a domain whose mail is taken. The system's name unless said."},
	{Name: "Domains", Synonyms: []string{"ourdomains"}, Args: "domain ...", Repeat: true,
		Value: func(c *Config) conf.Value { return conf.Checked(conf.Strings(&c.Domains), checkPattern) },
		Help:  "Further domains whose mail is taken; *.dom means dom and all below it."},
	{Name: "Rewrite", Args: "file",
		Value: func(c *Config) conf.Value { return conf.String(&c.Rules) },
		Help:  "Rules that say where mail goes, see rewrite(5); rewrite in the folder of the configuration unless said."},
	{Name: "Aliases", Args: "file",
		Value: func(c *Config) conf.Value { return conf.String(&c.Aliases) },
		Help:  "Other names of mailboxes, in the form of sendmail's aliases(5); /etc/aliases unless said."},
	{Name: "MailDir", Args: "folder",
		Value: func(c *Config) conf.Value { return conf.String(&c.Mail) },
		Help:  "Holds a Maildir for each user; /var/lib/postern/mail unless said."},
	{Name: "QueueDir", Args: "folder",
		Value: func(c *Config) conf.Value { return conf.String(&c.Queue) },
		Help:  "Holds the mail that is on its way; /var/spool/postern/queue unless said."},
	{Name: "Separator", Args: "characters",
		Value: func(c *Config) conf.Value { return conf.Func(c.setSeparator) },
		Help:  "Divide a user's name from an extension: with + mail for user+any is the user's."},
	{Name: "MaxReceived", Args: "number", Default: "100",
		Value: func(c *Config) conf.Value { return conf.Int(&c.MaxReceived, 10, 1000) },
		Help:  "Received fields beyond which a message is taken to be in a loop."},
}

// checkHost refuses what cannot be a host's name, or an address in its place.
func checkHost(name string) (err error) {
	if strings.HasPrefix(name, "[") {
		_, err = smtp.ParseLiteral(name)
	} else {
		err = smtp.CheckDomain(name, true)
	}
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	return nil
}

// checkPattern refuses what is neither a domain nor *.domain.
func checkPattern(pattern string) error {
	return checkHost(strings.TrimPrefix(pattern, "*."))
}

// setSeparator takes the characters that begin an extension, none or "" for
// no extensions.
func (c *Config) setSeparator(args []string) error {
	sep := strings.Join(args, "")
	if strings.ContainsAny(sep, "@/\"\\ ") || strings.ContainsFunc(sep, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("wants punctuation, not blanks, @, / or quotes")
	}
	c.Separator = sep
	return nil
}

// FindHostname takes the system's host name where the configuration has none.
func (c *Config) FindHostname() error {
	if c.Hostname != "" {
		return nil
	}
	name, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("no host name: %w; say Hostname in smtpd.conf", err)
	}
	c.Hostname = name
	return nil
}

// QueueDir is the queue's folder: that of c, else the usual one.
func (c *Config) QueueDir(p place.Places) string { return cmp.Or(c.Queue, p.Queue()) }

// New is a Deliverer obeying c; what c leaves empty is taken from the usual
// places. It opens nothing: files are read when first needed, and read again
// when their time stamp has changed.
func New(c Config, p place.Places) *Deliverer {
	c.FindHostname() // a caller that minds has asked before
	fill(&c.Rules, p.Etc()+"/rewrite")
	fill(&c.Aliases, p.Aliases())
	fill(&c.Mail, p.Lib()+"/mail")
	c.Queue = c.QueueDir(p)
	if c.MaxReceived == 0 {
		c.MaxReceived = maxReceived
	}
	d := &Deliverer{config: c, places: p}
	d.rules.Path, d.rules.Max, d.rules.Parse = c.Rules, maxRules, parseRules
	d.aliases.Path, d.aliases.Max, d.aliases.Parse = c.Aliases, maxAliases, parseAliases
	return d
}

func parseRules(file string, text []byte) (rewrite.Rules, error) {
	return rewrite.Parse(file, bytes.NewReader(text))
}

// fill sets *s to a default when it is empty.
func fill(s *string, value string) {
	if *s == "" {
		*s = value
	}
}
