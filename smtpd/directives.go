package main

import (
	"errors"

	"postern/lib/conf"
	"postern/lib/maillog"
)

// directives is the table of all that smtpd.conf(5) may say. From it come the
// parser, --check and the list in the manual page.
func (c *config) directives() *conf.Table {
	g, w, t := &c.guard, &c.wire, &c.tls
	return conf.NewTable(
		conf.Of(sessionRows, c), conf.Of(wireRows, w), conf.Of(verifierRows, w), conf.Of(burdenRows, w),
		conf.Of(limitRows, &c.limits), conf.Of(synRows, &c.syn), conf.Of(netPathRows, c), conf.Of(crowdRows, &c.limits.crowd),
		conf.Of(nameRows, w), conf.Of(sessionLogRows, w), conf.Of(receivedRows, w),
		conf.Of(policyRows, c), conf.Of(originRows, &c.origin), c.origin.rules.Directives(), c.greylist.Directives(),
		conf.Of(guardRows, g), conf.Of(listRows, g),
		c.mail.Directives(), conf.Of(mailerRows, c), conf.Of(mailerFormRows, &c.mailerForm),
		conf.Of(tlsRows, t), conf.Of(clientCertRows, t), conf.Of(ticketRows, t), conf.Of(voidTLSRows, t),
		conf.Of(authRows, &c.auth), conf.Of(submissionRows, &c.submission),
		conf.Of(surroundingsRows, c), conf.Of(foreignRows, c), conf.Of(laterRows, c),
	)
}

// sessionRows say what the dialogue is like: greeting, limits, verbs.
var sessionRows = []conf.Row[config]{
	{Name: "Banner", Synonyms: []string{"hdr220"}, Args: "text", Raw: true, Repeat: true,
		Value: (*config).bannerValue,
		Help:  "A line of the greeting. Tags: %H host name, %V version, %T date, %i client's address, %p our port, %% a percent sign."},
	{Name: "Help", Args: "text", Raw: true, Repeat: true,
		Value: func(c *config) conf.Value { return conf.Lines(&c.help) },
		Help:  "A line of the answer to HELP."},
	{Name: "MaxMsgSize", Synonyms: []string{"maxsize"}, Args: "octets", Default: "100M",
		Value: func(c *config) conf.Value { return conf.Size(&c.maxSize) },
		Help:  "The largest message that is taken; 0 for no limit."},
	{Name: "MaxRcpts", Synonyms: []string{"RcptLimitCount", "RcptLimitCnt"}, Args: "number", Default: "1000",
		Old:   conf.Old{Avenger: "5", ZMailer: "100"},
		Value: func(c *config) conf.Value { return noted(conf.Int(&c.maxRcpts, 1, 1<<20), &c.wire.rcptsNote) },
		Help:  "Recipients of one message; further ones are told to come in another (452)."},
	{Name: "MaxErrors", Args: "number", Default: "20",
		Value: func(c *config) conf.Value { return conf.Int(&c.maxErrors, 1, 1<<20) },
		Help:  "Refused commands in a session, after which it is ended (421). Recipients beyond a limit are not among them, up to 1000 for each message that is sent."},
	{Name: "MaxUnknownCommands", Args: "number", Default: "10",
		Value: func(c *config) conf.Value { return conf.Int(&c.maxUnknown, 1, 1<<20) },
		Help:  "Unknown commands in a session, after which it is ended (421)."},
	{Name: "MaxTextLine", Args: "octets", Default: "0",
		Value: func(c *config) conf.Value { return conf.Int(&c.maxLine, 0, 1<<30) },
		Help:  "Refuse messages with longer lines; 0 passes lines of any length whole."},
	{Name: "SMTPTimeout", Args: "seconds", Default: "300",
		Value: func(c *config) conf.Value { return conf.DurationUpTo(&c.commandWait, longestWait) },
		Help:  "How long a command may take to come, and how long the client may take to read what it is answered."},
	{Name: "DataTimeout", Args: "seconds", Default: "600",
		Value: func(c *config) conf.Value { return conf.DurationUpTo(&c.dataWait, longestWait) },
		Help:  "How long the client may pause within a message. It may take so long in all, and a second more for each 64 octets that come; those beyond MaxMsgSize, or beyond 4 MiB where that is more, earn it no time."},
	{Name: "VRFYcmd", Args: "[0|1]", Default: "0",
		Value: func(c *config) conf.Value { return conf.Bool(&c.vrfy) },
		Help:  "Answer VRFY."},
	{Name: "EXPNcmd", Args: "[0|1]", Default: "0",
		Value: func(c *config) conf.Value { return conf.Bool(&c.expn) },
		Help:  "Answer EXPN."},
}

// policyRows say who may do what.
var policyRows = []conf.Row[config]{
	{Name: "TrustedNet", Synonyms: []string{"ournets"}, Args: "net ...", Repeat: true,
		Value: func(c *config) conf.Value { return conf.Nets(&c.trusted) },
		Help:  "Clients from these networks may relay, and what only manners ask for is not asked of them."},
	{Name: "HeloClaims", Args: "[0|1]", Default: "1",
		Value: func(c *config) conf.Value { return conf.Bool(&c.heloClaims) },
		Help:  "Refuse strangers that claim our name or address in HELO."},
	{Name: "HeloExists", Synonyms: []string{"ckhello"}, Args: "[0|1]", Default: "0",
		Value: func(c *config) conf.Value { return conf.Bool(&c.heloExists) },
		Old:   conf.Old{Plan9: "1"},
		Help:  "Refuse strangers whose HELO name has no dot or no letter, is one of those for private use (.local, .lan ...), or does not exist in DNS."},
	{Name: "RefuseEager", Args: "[0|1]", Default: "0",
		Value: func(c *config) conf.Value { return conf.Bool(&c.refuseEager) },
		Help:  "Refuse clients that talk before the greeting, or send more behind EHLO before its answer."},
	{Name: "AllowPercent", Synonyms: []string{"!reject-percent-kludge"}, Args: "[0|1]", Default: "0",
		Value: func(c *config) conf.Value { return conf.Bool(&c.allowPercent) },
		Help:  "Take recipients whose local part has a %, ! or @ in it."},
}

// mailerRows say where accepted mail goes when we do not deliver it ourselves.
var mailerRows = []conf.Row[config]{
	{Name: "Mailer", Synonyms: []string{"Sendmail"}, Args: "program [argument ...]",
		Value: func(c *config) conf.Value { return conf.Strings(&c.mailer) },
		Old:   conf.Old{Avenger: "sendmail -oi -os -oee"},
		Help:  "Hand accepted mail to this program instead of delivering it. Behind its arguments come -f sender -- recipient ... Recipients must exist here all the same, see smtpd(8)."},
	{Name: "MailerDSN", Args: "[0|1]", Default: "0",
		Value: func(c *config) conf.Value { return conf.Bool(&c.mailerDSN) },
		Help:  "The mailer understands DSN and SMTPUTF8 (the envelope on descriptor 3), so that they may be offered."},
	{Name: "MailerTimeout", Args: "time", Default: "8m",
		Value: func(c *config) conf.Value { return conf.DurationUpTo(&c.mailerWait, longestWait) },
		Help:  "How long the mailer may take; then it is killed, with its children, and the client told to come back."},
}

// surroundingsRows are about log, DNS and files.
var surroundingsRows = []conf.Row[config]{
	{Name: "EtcDir", Args: "folder", Default: "/etc/postern",
		Value: func(c *config) conf.Value { return conf.String(&c.etcDir) },
		Old:   conf.Old{Avenger: "/etc/avenger"},
		Help:  "Where files that are named without a folder are looked for."},
	{Name: "LogPriority", Args: "facility.level", Default: "mail.info",
		Value: func(c *config) conf.Value { return conf.Func(c.setPriority) },
		Help:  "Under which priority the log is kept."},
	{Name: "LogTag", Args: "tag",
		Value: func(c *config) conf.Value { return conf.String(&c.logTag) },
		Help:  "The tag of log lines; smtpd unless said."},
	{Name: "LogTo", Args: "[syslog|journal|stderr]",
		Value: func(c *config) conf.Value { return conf.Choice(&c.logTo, "syslog", "journal", "stderr") },
		Help:  "Where the log goes; by default standard error, or syslog when that is the client."},
	{Name: "DebugSMTP", Args: "[0|1]", Default: "0",
		Value: func(c *config) conf.Value { return conf.Bool(&c.trace) },
		Help:  "Log every line of the dialogue."},
	{Name: "Resolver", Args: "address[:port]",
		Value: func(c *config) conf.Value { return conf.String(&c.resolver) },
		Help:  "The DNS server to ask, instead of those of resolv.conf(5)."},
	{Name: "ClientName", Args: "[0|1]", Default: "1",
		Value: func(c *config) conf.Value { return conf.Bool(&c.clientName) },
		Help:  "Look the client's name up in DNS, forward-confirmed, for Received and the log."},
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

// foreignRows are directives that other programs obey. They may stand in the
// same file.
var foreignRows = []conf.Row[config]{
	{Name: "BindAddr", Synonyms: []string{"BindAddress", "Listen"}, Args: "address [port]", Other: "listen", Repeat: true},
	{Name: "BindPort", Args: "port", Other: "listen", Repeat: true},
	{Name: "ListenQueueSize", Args: "number", Other: "listen", Repeat: true},
	{Name: "TcpRcvBufferSize", Args: "octets", Other: "listen", Repeat: true},
	{Name: "TcpXmitBufferSize", Args: "octets", Other: "listen", Repeat: true},
	{Name: "ProxyNetworks", Args: "net ...", Other: "listen", Repeat: true},
	{Name: "Workers", Args: "n[:uses[:at-once]]", Other: "listen", Repeat: true},
	{Name: "User", Args: "user[:group]", Other: "listen", Repeat: true},
	{Name: "PidFile", Args: "file", Other: "listen", Repeat: true},
	{Name: "StopTimeout", Args: "seconds", Other: "listen", Repeat: true},
	{Name: "SynFpBuf", Args: "number", Other: "synfp", Repeat: true},
	{Name: "QueueJobs", Args: "number", Other: "runq", Repeat: true},
	{Name: "QueueLifetime", Args: "time", Other: "runq", Repeat: true},
	{Name: "Route", Args: "domain destination [flag ...]", Other: "runq", Repeat: true},
	{Name: "Gateway", Args: "host", Other: "runq", Repeat: true},
	{Name: "SmtpFlags", Args: "flag ...", Other: "runq", Repeat: true},
	{Name: "SmtpProcesses", Args: "number", Other: "runq", Repeat: true},
	{Name: "SmtpPerDestination", Args: "number", Other: "runq", Repeat: true},
	{Name: "CommandUser", Args: "user", Other: "runq", Repeat: true},
	{Name: "DelayNotice", Args: "time", Other: "runq", Repeat: true},
	{Name: "DoubleBounce", Args: "discard|keep|address", Other: "runq", Repeat: true},
}
