package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"postern/lib/conf"
	"postern/lib/deliver"
	"postern/lib/dns"
	"postern/lib/maillog"
	"postern/lib/place"
	"postern/lib/sysexits"
)

// Bounds of RFC 5321 4.5.3 that the defaults keep.
const (
	defaultSize    = 100 << 20        // octets of a message
	defaultRcpts   = 1000             // recipients of a message; 4.5.3.1.8 wants 100
	commandTimeout = 5 * time.Minute  // 4.5.3.2.7
	dataTimeout    = 10 * time.Minute // 4.5.3.2.6
	minDataRate    = 64               // octets a second that a message must come at
	defaultErrors  = 20               // refused commands in a session
	defaultUnknown = 10               // unknown commands in a session
	resolveTimeout = 3 * time.Second  // for the client's name
)

// config is all that is in force.
type config struct {
	flags  *flags
	places place.Places
	table  conf.Table

	mail         deliver.Config // host name, own domains, aliases, mailboxes, queue
	trusted      []netip.Prefix
	mailer       []string // external mailer and its arguments; none: deliver ourselves
	mailerDSN    bool
	maxSize      int64
	maxRcpts     int
	maxErrors    int
	maxUnknown   int
	maxLine      int
	commandWait  time.Duration
	dataWait     time.Duration
	tls          bool
	cert, key    string
	banner       []string
	help         []string
	etcDir       string
	logPriority  string
	logTag       string
	logTo        string
	trace        bool
	traceDir     string
	resolver     string
	dns          dns.Resolver
	clientName   bool
	heloClaims   bool
	heloExists   bool
	refuseEager  bool
	allowPercent bool
	vrfy, expn   bool
}

func defaultConfig(f *flags, places place.Places) *config {
	return &config{
		flags:       f,
		places:      places,
		maxSize:     defaultSize,
		maxRcpts:    defaultRcpts,
		maxErrors:   defaultErrors,
		maxUnknown:  defaultUnknown,
		commandWait: commandTimeout,
		dataWait:    dataTimeout,
		tls:         true,
		cert:        "cert.pem",
		key:         "privkey.pem",
		etcDir:      places.Etc(),
		logPriority: "mail.info",
		clientName:  true,
		heloClaims:  true,
		traceDir:    filepath.Join(places.Lib(), "smtpdb"),
	}
}

// directives is the table of all that smtpd.conf(5) may say.
func (c *config) directives() conf.Table {
	t := conf.Table{
		{Name: "TrustedNet", Synonyms: []string{"ournets"}, Args: "net ...", Repeat: true, Set: conf.Nets(&c.trusted),
			Help: "Clients from these networks may relay, and what only manners ask for is not asked of them."},
		{Name: "Mailer", Synonyms: []string{"Sendmail"}, Args: "program [argument ...]", Set: conf.Strings(&c.mailer),
			Help: "Hand accepted mail to this program instead of delivering it."},
		{Name: "MailerDSN", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.mailerDSN),
			Help: "The mailer understands DSN and SMTPUTF8 (the envelope on descriptor 3), so that they may be offered."},
		{Name: "MaxMsgSize", Synonyms: []string{"maxsize"}, Args: "octets", Default: "100M", Set: conf.Size(&c.maxSize),
			Help: "The largest message that is taken; 0 for no limit."},
		{Name: "MaxRcpts", Synonyms: []string{"RcptLimitCount", "RcptLimitCnt"}, Args: "number", Default: "1000",
			Dialects: map[conf.Dialect]string{conf.Avenger: "5", conf.ZMailer: "100"}, Set: conf.Int(&c.maxRcpts, 1, 1<<20),
			Help: "Recipients of one message; further ones are told to come in another (452)."},
		{Name: "MaxErrors", Args: "number", Default: "20", Set: conf.Int(&c.maxErrors, 1, 1<<20),
			Help: "Refused commands in a session, after which it is ended (421)."},
		{Name: "MaxUnknownCommands", Args: "number", Default: "10", Set: conf.Int(&c.maxUnknown, 1, 1<<20),
			Help: "Unknown commands in a session, after which it is ended (421)."},
		{Name: "MaxTextLine", Args: "octets", Default: "0", Set: conf.Int(&c.maxLine, 0, 1<<30),
			Help: "Refuse messages with longer lines; 0 passes lines of any length whole."},
		{Name: "SMTPTimeout", Args: "seconds", Default: "300", Set: conf.Duration(&c.commandWait),
			Help: "How long a command may take to come."},
		{Name: "DataTimeout", Args: "seconds", Default: "600", Set: conf.Duration(&c.dataWait),
			Help: "How long the client may pause within a message."},
		{Name: "SSL", Synonyms: []string{"use-tls"}, Args: "[0|1]", Default: "1", Set: conf.Bool(&c.tls),
			Dialects: map[conf.Dialect]string{conf.ZMailer: "0"},
			Help:     "Offer STARTTLS when certificate and key are there."},
		{Name: "SSLcert", Synonyms: []string{"tls-cert-file"}, Args: "file", Default: "cert.pem", Set: conf.String(&c.cert),
			Help: "Certificate and chain, PEM; below EtcDir unless absolute."},
		{Name: "SSLkey", Synonyms: []string{"tls-key-file"}, Args: "file", Default: "privkey.pem", Set: conf.String(&c.key),
			Help: "Its private key, PEM; below EtcDir unless absolute."},
		{Name: "Banner", Synonyms: []string{"hdr220"}, Args: "text", Raw: true, Repeat: true, Set: conf.Strings(&c.banner),
			Help: "A line of the greeting. Tags: %H host name, %V version, %T date, %i client's address, %p our port, %% a percent sign."},
		{Name: "Help", Args: "text", Raw: true, Repeat: true, Set: conf.Strings(&c.help),
			Help: "A line of the answer to HELP."},
		{Name: "EtcDir", Args: "folder", Default: "/etc/postern", Set: conf.String(&c.etcDir),
			Dialects: map[conf.Dialect]string{conf.Avenger: "/etc/avenger"},
			Help:     "Where files that are named without a folder are looked for."},
		{Name: "LogPriority", Args: "facility.level", Default: "mail.info", Set: conf.Func(c.setPriority),
			Help: "Under which priority the log is kept."},
		{Name: "LogTag", Args: "tag", Set: conf.String(&c.logTag),
			Help: "The tag of log lines; smtpd unless said."},
		{Name: "LogTo", Args: "[syslog|journal|stderr]", Set: conf.Choice(&c.logTo, "syslog", "journal", "stderr"),
			Help: "Where the log goes; by default standard error, or syslog when that is the client."},
		{Name: "DebugSMTP", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.trace),
			Help: "Log every line of the dialogue."},
		{Name: "Resolver", Args: "address[:port]", Set: conf.String(&c.resolver),
			Help: "The DNS server to ask, instead of those of resolv.conf(5)."},
		{Name: "ClientName", Args: "[0|1]", Default: "1", Set: conf.Bool(&c.clientName),
			Help: "Look the client's name up in DNS, forward-confirmed, for Received and the log."},
		{Name: "HeloClaims", Args: "[0|1]", Default: "1", Set: conf.Bool(&c.heloClaims),
			Help: "Refuse strangers that claim our name or address in HELO."},
		{Name: "HeloExists", Synonyms: []string{"ckhello"}, Args: "[0|1]", Default: "0", Set: conf.Bool(&c.heloExists),
			Help: "Refuse strangers whose HELO name does not exist in DNS."},
		{Name: "RefuseEager", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.refuseEager),
			Help: "Refuse clients that talk before the greeting, or send more behind EHLO before its answer."},
		{Name: "AllowPercent", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.allowPercent),
			Help: "Take recipients whose local part has a %, ! or @ in it."},
		{Name: "VRFYcmd", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.vrfy),
			Help: "Answer VRFY."},
		{Name: "EXPNcmd", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.expn),
			Help: "Answer EXPN."},
	}
	t = append(t, c.mail.Directives()...)
	return append(t, listenDirectives()...)
}

// listenDirectives are those that listen(8) obeys. They may stand in the same
// file.
func listenDirectives() conf.Table {
	var t conf.Table
	for _, d := range []struct{ name, args string }{
		{"BindAddr", "address [port]"}, {"BindPort", "port"}, {"MaxClients", "number"}, {"MaxConPerIP", "number"},
		{"ListenQueueSize", "number"}, {"TcpRcvBufferSize", "octets"}, {"TcpXmitBufferSize", "octets"},
		{"MaxLoad", "number"}, {"ProxyNetworks", "net ..."}, {"Workers", "n[:uses[:at-once]]"},
	} {
		t = append(t, conf.Directive{Name: d.name, Args: d.args, Other: "listen", Repeat: true})
	}
	return t
}

// setPriority takes facility.level of syslog(3).
func (c *config) setPriority(args []string) error {
	if len(args) != 1 {
		return errors.New("wants facility.level")
	}
	c.logPriority = args[0]
	_, _, err := maillog.ParsePriority(args[0])
	return err
}

// loadConfig puts together defaults, the file and the flags. The config is
// usable for saying so even when there is an error. Warnings are about lines
// of the old programs' files that mean nothing here.
func loadConfig(f *flags, places place.Places) (*config, conf.Warnings, error) {
	c := defaultConfig(f, places)
	c.table = c.directives()
	warnings, err := c.readFile()
	return c, warnings, errors.Join(err, c.applyFlags(), c.complete())
}

// readFile reads the file of -C, or smtpd.conf in its place when there is one.
func (c *config) readFile() (conf.Warnings, error) {
	spec := c.flags.config
	if spec == "" {
		spec = filepath.Join(c.places.Etc(), "smtpd.conf")
	}
	dialect, lines, err := conf.Read(spec, conf.Native)
	if errors.Is(err, fs.ErrNotExist) && c.flags.config == "" {
		return nil, nil
	}
	w1, err1 := conf.Split(err)
	w2, err2 := conf.Split(c.table.Load(dialect, lines))
	return append(w1, w2...), errors.Join(err1, err2)
}

// applyFlags gives the command line the last word.
func (c *config) applyFlags() error {
	var errs []error
	set := func(flag, directive, value string) {
		if value != "" {
			errs = append(errs, c.table.Flag(flag, directive, value))
		}
	}
	f := c.flags
	set("-h", "Hostname", f.hostname)
	set("-c", "SSLcert", f.cert)
	set("-c", "SSLkey", f.cert)
	set("-m", "Mailer", f.mailer)
	set("-r", "Resolver", f.resolver)
	if c.resolver == "" {
		c.resolver = os.Getenv("POSTERN_RESOLVER")
	}
	return errors.Join(errs...)
}

// complete fills in what depends on the rest.
func (c *config) complete() (err error) {
	c.cert, c.key = c.below(c.cert), c.below(c.key)
	if c.dns, err = dns.Select(c.resolver, c.flags.zone); err != nil {
		return err
	}
	if c.mail.Hostname != "" {
		return nil
	}
	name, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("no host name: %w; say Hostname in smtpd.conf", err)
	}
	c.mail.Hostname = name
	return nil
}

// below is the place of a file that may be named without a folder.
func (c *config) below(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.etcDir, name)
}

// report is --check: it prints what is in force, or all that is wrong.
func (c *config) report(warnings conf.Warnings, err error, stdout, stderr io.Writer) int {
	for _, w := range warnings {
		fmt.Fprintf(stderr, "smtpd: %v (ignored)\n", w)
	}
	if err != nil {
		fmt.Fprintf(stderr, "smtpd: %v\n", err)
		return sysexits.Config
	}
	if err := c.table.Check(stdout); err != nil {
		fmt.Fprintf(stderr, "smtpd: %v\n", err)
		return sysexits.IOErr
	}
	return sysexits.OK
}
