package main

import (
	"errors"
	"math"
	"strings"

	"postern/lib/conf"
)

// directives is the table of what listen obeys of smtpd.conf(5).
func (c *config) directives() *conf.Table { return conf.NewTable(conf.Of(rows, c)) }

var rows = []conf.Row[config]{
	{Name: "BindAddr", Synonyms: []string{"BindAddress", "Listen"}, Args: "address [port]", Repeat: true,
		Value: (*config).bindValue,
		Old:   conf.Old{Avenger: "0.0.0.0 25", Proxsmtpd: "10025"},
		Help:  "Where to listen: an address, any, any6, iface:name, a port alone, or the path of a Unix socket. Without it, all addresses of the host."},
	{Name: "BindPort", Args: "port", Default: "25",
		Value: func(c *config) conf.Value { return conf.Int(&c.port, 0, math.MaxUint16) },
		Help:  "The port of addresses that name none."},
	{Name: "MaxClients", Synonyms: []string{"MaxParallelConnections", "MaxConnections"}, Args: "number", Default: "400",
		Old:   conf.Old{Avenger: "60", ZMailer: "800", Proxsmtpd: "64"},
		Value: func(c *config) conf.Value { return conf.Int(&c.total, 0, maxSessions) },
		Help:  "Sessions at once, whoever the clients are, as with MaxConPerIP. Further clients are told to come later (450), and from 100 beyond closed in silence. 0, which means no limit to smtpd, is 400."},
	{Name: "MaxConPerIP", Synonyms: []string{"MaxSameIpSource", "same-ip-source-parallel-max"}, Args: "number", Default: "50",
		Old:   conf.Old{Avenger: "10", ZMailer: "100"},
		Value: func(c *config) conf.Value { return conf.Int(&c.each, 0, maxSessions) },
		Help:  "Sessions at once from one address, for IPv6 from one /64, be it trusted or not: who is in a TrustedDomain is not known before the session. Further ones are told to come later (450), from four times as many closed in silence. 0 is 50."},
	{Name: "ListenQueueSize", Args: "number", Default: "1024",
		Value: func(c *config) conf.Value { return conf.Int(&c.backlog, 1, math.MaxInt32) },
		Old:   conf.Old{ZMailer: "20000"},
		Help:  "Connections that the kernel keeps until they are accepted; it has a limit of its own, net.core.somaxconn."},
	{Name: "TcpRcvBufferSize", Args: "octets", Default: "0",
		Value: func(c *config) conf.Value { return conf.Int(&c.rcvbuf, 0, maxBuffer) },
		Help:  "The kernel's receive buffer for each connection; 0 leaves it to the system."},
	{Name: "TcpXmitBufferSize", Args: "octets", Default: "0",
		Value: func(c *config) conf.Value { return conf.Int(&c.sndbuf, 0, maxBuffer) },
		Help:  "The kernel's send buffer for each connection; 0 leaves it to the system."},
	{Name: "MaxLoad", Args: "number", Default: "999",
		Value: func(c *config) conf.Value { return conf.Int(&c.load, math.MinInt32, math.MaxInt32) },
		Help:  "Refuse connections (421) while the load average of the last minute is above this; less than 1 means 10, 999 never."},
	{Name: "ProxyNetworks", Args: "net ...", Repeat: true,
		Value: func(c *config) conf.Value { return conf.Nets(&c.proxies) },
		Help:  "Connections from these networks must begin with a header of the PROXY protocol, version 1 or 2, which names the client. From elsewhere it is not understood."},
	{Name: "Workers", Args: "n[:uses[:at-once]]", Default: "0:1000:1",
		Value: (*config).workersValue,
		Help:  "So many programs stay, each serving uses connections, at-once of them side by side. With 0 each connection has a program of its own."},
	{Name: "SMTPFilter", Args: "program",
		Value: func(c *config) conf.Value { return conf.Strings(&c.filter) },
		Help:  "Have new connections of an address filtered for a minute that has reached MaxConPerIP. It is smtpfilter(8) that runs the program, and knows whom not to."},
	{Name: "TrustedDomain", Args: "domain ...", Repeat: true,
		Value: func(c *config) conf.Value { return conf.Strings(&c.trustedDomains) },
		Help:  "Clients of these domains may relay, and are never filtered. By its address alone nobody can be told from them: with this directive SMTPFilter is left to smtpd, which knows names."},
	{Name: "User", Args: "user[:group]",
		Value: func(c *config) conf.Value { return conf.String(&c.user) },
		Help:  "Become this user once the sockets are bound."},
	{Name: "PidFile", Args: "file",
		Value: func(c *config) conf.Value { return conf.String(&c.pidFile) },
		Help:  "Keep the process number in this file."},
	{Name: "StopTimeout", Args: "seconds", Default: "5m",
		Value: func(c *config) conf.Value { return conf.Duration(&c.stopWait) },
		Help:  "How long sessions may go on after listen was told to stop."},
}

// bindValue takes an address and, behind it, a port.
func (c *config) bindValue() conf.Value {
	return conf.Value{
		Set: func(args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return errors.New("needs an address and perhaps a port")
			}
			a, err := parseAddress(args[0])
			if err == nil && len(args) == 2 {
				err = a.setPort(args[1])
				a.text += " " + args[1]
			}
			if err == nil {
				c.addresses = append(c.addresses, a)
			}
			return err
		},
		Show: func() (lines [][]string) {
			for _, a := range c.addresses {
				lines = append(lines, strings.Fields(a.text))
			}
			return lines
		},
		Reset: func() { c.addresses = nil },
	}
}

// workersValue takes what parseWorkers reads.
func (c *config) workersValue() conf.Value {
	return conf.Value{
		Set: func(args []string) (err error) {
			if len(args) != 1 {
				return errors.New("needs n[:uses[:at-once]]")
			}
			c.workers, err = parseWorkers(args[0])
			return err
		},
		Show: func() [][]string { return [][]string{{c.workers.String()}} },
	}
}
