package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"postern/lib/arg"
	"postern/lib/conf"
	"postern/lib/deliver"
	"postern/lib/place"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// config is what the command line and the configuration say.
type config struct {
	places place.Places
	mail   deliver.Config
	table  *conf.Table

	file      string // -C
	check     bool   // --check
	version   bool   // --version
	explain   bool   // -x
	commands  bool   // -#
	verbose   bool   // -v
	dots      bool   // -i, -oi
	scan      bool   // -t
	final     string // --deliver
	id        string // --id
	again     bool   // --again
	sender    string // -f
	hasSender bool
	fullName  string // -F
	body      string // -B
	ret       string // -R
	envid     string // -V
	notify    string // -N
	instead   string // -b, -q: a mode in which no message is sent
	queueRun  string // the value of -q

	hasQueueRun bool
}

func newConfig(p place.Places) *config {
	c := &config{places: p}
	c.table = conf.NewTable(c.mail.Directives())
	return c
}

// options is the command line. What sendmail(8) has beyond it is taken and
// means nothing here.
func (c *config) options() *arg.Set {
	s := arg.New("send", "[-intvx#] [-f sender] [-F name] [-B type] [-N events] [-R amount] [-V id] [-b mode] [-C [dialect:]file] [--check] [--] recipient ...")
	from := func(address string) error {
		c.sender, c.hasSender = address, true
		return nil
	}
	s.Func("f", "sender", "the sender of the envelope; <> for none", from)
	s.Func("r", "sender", "as -f", from)
	s.Bool(&c.dots, "i", "a line with nothing but a dot does not end the message")
	s.Bool(&c.scan, "t", "take recipients from To, Cc and Bcc")
	s.Bool(&c.mail.NoAliases, "n", "pass over the aliases")
	s.Bool(&c.verbose, "v", "say what was done with the message")
	s.Bool(&c.explain, "x", "print where each recipient goes, and do nothing")
	s.Bool(&c.commands, "#", "print what would be done, and do nothing")
	s.String(&c.fullName, "F", "name", "full name of the sender, for a From field")
	s.String(&c.body, "B", "type", "7BIT or 8BITMIME")
	s.String(&c.notify, "N", "events", "NEVER, or SUCCESS, FAILURE, DELAY: what the sender wants to hear of")
	s.String(&c.ret, "R", "amount", "FULL or HDRS: how much of the message the sender wants back")
	s.String(&c.envid, "V", "id", "the sender's own name for the message")
	s.Func("b", "mode", "m: deliver mail; s: speak SMTP; p: list the queue; v: print where recipients go; i: nothing", c.setMode)
	s.Func("I", "", "as -b i", func(string) error { return c.setMode("i") })
	s.Func("o", "option", "an option of sendmail's, of which i is obeyed", c.setOption)
	for _, letter := range [...]string{"A", "h", "L", "O", "p", "X", "e", "D"} {
		s.Func(letter, "value", "taken for sendmail's sake", func(string) error { return nil })
	}
	for _, letter := range [...]string{"G", "m", "U"} {
		s.Func(letter, "", "taken for sendmail's sake", func(string) error { return nil })
	}
	s.String(&c.file, "C", "[dialect:]file", "read this configuration, instead of smtpd.conf")
	s.Bool(&c.check, "check", "check configuration, rules and aliases, print what is in force, and exit")
	s.Bool(&c.version, "version", "print the version and exit")
	s.String(&c.final, "deliver", "destination", "deliver a file to one destination, as this user")
	s.String(&c.id, "id", "id", "with --deliver: the message's name in the queue")
	s.Bool(&c.again, "again", "with --deliver: the message may have been delivered already")
	return s
}

// withoutOptional takes out the two options whose value is optional in sendmail,
// so that it stands in the same word or there is none, which arg does not know:
// -d, which means nothing here, and -q, which it notes.
func (c *config) withoutOptional(args []string) []string {
	var kept []string
	for i, a := range args {
		switch {
		case a == "--":
			return append(kept, args[i:]...)
		case strings.HasPrefix(a, "-q"):
			c.hasQueueRun, c.queueRun = true, a[2:]
		case !strings.HasPrefix(a, "-d"):
			kept = append(kept, a)
		}
	}
	return kept
}

// setMode is -b. Some modes of sendmail are other programs here (see delegate).
// -bi, which is newaliases, has nothing to do: there is no data base of aliases.
func (c *config) setMode(mode string) error {
	switch mode {
	case "m":
		return nil
	case "i", "p", "s":
		c.instead = mode
		return nil
	case "v":
		c.explain = true
		return nil
	case "d", "D":
		return errors.New("listening is done by listen(8), or by smtpd.socket")
	}
	return fmt.Errorf("no mode %q", mode)
}

// setOption is -o. Only i means something here; all others are accepted, since an
// option of sendmail's must not keep mail from being sent.
func (c *config) setOption(option string) error {
	if option == "i" {
		c.dots = true
	}
	return nil
}

// complete finds out the mode when -q asks for one, and says what is wrong with
// the options taken together.
func (c *config) complete(operands []string) error {
	if c.hasQueueRun && len(operands) == 0 && !c.scan && c.instead == "" {
		c.instead = "q"
	}
	idle := c.check || c.version || c.instead != ""
	switch {
	case c.final != "" && len(operands) != 1:
		return errors.New("--deliver wants one recipient")
	case c.body != "" && !oneOf(c.body, "7BIT", "8BITMIME"):
		return fmt.Errorf("-B %s: 7BIT or 8BITMIME", c.body)
	case c.ret != "" && !oneOf(c.ret, "FULL", "HDRS"):
		return fmt.Errorf("-R %s: FULL or HDRS", c.ret)
	case c.envid != "" && !smtp.ValidEnvID(c.envid):
		return fmt.Errorf("-V %q: at most %d characters of printable ASCII", c.envid, smtp.MaxEnvID)
	case c.final == "" && (c.id != "" || c.again):
		return errors.New("--id and --again are for --deliver")
	case len(operands) == 0 && !c.scan && !idle:
		return errors.New("no recipients")
	}
	return c.checkNotify()
}

// checkNotify checks -N (RFC 3461 4.1).
func (c *config) checkNotify() error {
	if c.notify == "" || strings.EqualFold(c.notify, "NEVER") {
		return nil
	}
	for word := range strings.SplitSeq(c.notify, ",") {
		if !oneOf(word, "SUCCESS", "FAILURE", "DELAY") {
			return fmt.Errorf("-N %s: NEVER, or some of SUCCESS, FAILURE, DELAY", c.notify)
		}
	}
	return nil
}

// oneOf says whether s is one of the words, whatever its case.
func oneOf(s string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(s, w) })
}

// load reads the configuration, which is smtpd's, so that both agree on where
// mail goes. --deliver needs none: its destination is decided, and it runs as a
// user who may not read the file.
func (c *config) load(stderr io.Writer) error {
	if c.final != "" {
		return nil
	}
	warnings, err := c.table.ReadFile(conf.Source{
		Spec: c.file, Usual: filepath.Join(c.places.Etc(), "smtpd.conf"), Foreign: true,
	})
	for _, w := range warnings {
		fmt.Fprintf(stderr, "send: %v (ignored)\n", w)
	}
	return err
}

// showConfig is --check.
func (p *program) showConfig() int {
	if err := p.table.Check(p.stdout); err != nil {
		return complain(p.stderr, sysexits.IOErr, err)
	}
	errs := p.mail.Check()
	for _, err := range errs {
		complain(p.stderr, sysexits.Config, err)
	}
	if len(errs) > 0 {
		return sysexits.Config
	}
	return sysexits.OK
}
