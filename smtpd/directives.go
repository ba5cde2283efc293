package main

import (
	"errors"
	"strings"

	"postern/lib/conf"
	"postern/lib/maillog"
)

// directives is the table of all that smtpd.conf(5) may say. From it come the
// parser, --check and the list in the manual page.
func (c *config) directives() conf.Table {
	var t conf.Table
	for _, part := range []conf.Table{
		c.sessionDirectives(), c.wireDirectives(), c.burdenDirectives(), c.nameDirectives(), c.policyDirectives(), c.guardDirectives(), c.listDirectives(), c.mail.Directives(), c.mailerDirectives(),
		c.tls.directives(), c.authDirectives(), c.surroundingsDirectives(), foreignDirectives(),
	} {
		t = append(t, part...)
	}
	return t
}

// sessionDirectives say what the dialogue is like: greeting, limits, verbs.
func (c *config) sessionDirectives() conf.Table {
	return conf.Table{
		{Name: "Banner", Synonyms: []string{"hdr220"}, Args: "text", Raw: true, Repeat: true, Set: conf.Lines(&c.banner),
			Help: "A line of the greeting. Tags: %H host name, %V version, %T date, %i client's address, %p our port, %% a percent sign."},
		{Name: "Help", Args: "text", Raw: true, Repeat: true, Set: conf.Lines(&c.help),
			Help: "A line of the answer to HELP."},
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
		{Name: "VRFYcmd", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.vrfy),
			Help: "Answer VRFY."},
		{Name: "EXPNcmd", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.expn),
			Help: "Answer EXPN."},
	}
}

// policyDirectives say who may do what.
func (c *config) policyDirectives() conf.Table {
	return conf.Table{
		{Name: "TrustedNet", Synonyms: []string{"ournets"}, Args: "net ...", Repeat: true, Set: conf.Nets(&c.trusted),
			Help: "Clients from these networks may relay, and what only manners ask for is not asked of them."},
		{Name: "HeloClaims", Args: "[0|1]", Default: "1", Set: conf.Bool(&c.heloClaims),
			Help: "Refuse strangers that claim our name or address in HELO."},
		{Name: "HeloExists", Synonyms: []string{"ckhello"}, Args: "[0|1]", Default: "0", Set: conf.Bool(&c.heloExists),
			Dialects: map[conf.Dialect]string{conf.Plan9: "1"},
			Help:     "Refuse strangers whose HELO name has no dot or no letter, is one of those for private use (.local, .lan ...), or does not exist in DNS."},
		{Name: "RefuseEager", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.refuseEager),
			Help: "Refuse clients that talk before the greeting, or send more behind EHLO before its answer."},
		{Name: "AllowPercent", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.allowPercent),
			Help: "Take recipients whose local part has a %, ! or @ in it."},
	}
}

// mailerDirectives say where accepted mail goes when we do not deliver it ourselves.
func (c *config) mailerDirectives() conf.Table {
	return conf.Table{
		{Name: "Mailer", Synonyms: []string{"Sendmail"}, Args: "program [argument ...]", Set: conf.Strings(&c.mailer),
			Help: "Hand accepted mail to this program instead of delivering it."},
		{Name: "MailerDSN", Args: "[0|1]", Default: "0", Set: conf.Bool(&c.mailerDSN),
			Help: "The mailer understands DSN and SMTPUTF8 (the envelope on descriptor 3), so that they may be offered."},
	}
}

// surroundingsDirectives are about log, DNS and files.
func (c *config) surroundingsDirectives() conf.Table {
	return conf.Table{
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
	}
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

// foreignDirectives are those that other programs obey. They may stand in the
// same file.
func foreignDirectives() conf.Table {
	var t conf.Table
	for _, d := range []struct{ program, name, args string }{
		{"listen", "BindAddr BindAddress Listen", "address [port]"},
		{"listen", "BindPort", "port"},
		{"listen", "MaxClients MaxParallelConnections MaxConnections", "number"},
		{"listen", "MaxConPerIP MaxSameIpSource same-ip-source-parallel-max", "number"},
		{"listen", "ListenQueueSize", "number"},
		{"listen", "TcpRcvBufferSize", "octets"},
		{"listen", "TcpXmitBufferSize", "octets"},
		{"listen", "ProxyNetworks", "net ..."},
		{"listen", "Workers", "n[:uses[:at-once]]"},
		{"runq", "QueueJobs", "number"},
		{"runq", "QueueLifetime", "time"},
	} {
		names := strings.Fields(d.name)
		t = append(t, conf.Directive{Name: names[0], Synonyms: names[1:], Args: d.args, Other: d.program, Repeat: true})
	}
	return t
}
