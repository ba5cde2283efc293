package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"postern/lib/caller"
	"postern/lib/conf"
	"postern/lib/rbl"
	"postern/lib/spf"
)

// origin is what the directives say about where mail comes from, by SPF and block
// lists: what is asked in DNS, and what is done with the answers.
type origin struct {
	spf      string // "0", "1" or "2"
	rules    spf.Config
	lists    []rbl.List
	limit    time.Duration // of lists
	noCheck  []string
	backup   bool
	answers  string // folder
	recorded string // the session's file in it

	xAvenger    bool
	receivedSPF bool
	authResults bool
	authserv    string
}

func defaultOrigin() origin {
	return origin{spf: "2", rules: spf.NewConfig(), limit: rbl.Limit, xAvenger: true, receivedSPF: true, authResults: true}
}

// originRows are about what is asked, and what is refused for the answers.
var originRows = []conf.Row[origin]{
	{Name: "SPF", Args: "[0|1|2]", Default: "2", Old: conf.Old{Plan9: "0", ZMailer: "0"},
		Value: func(o *origin) conf.Value { return conf.Choice(&o.spf, "0", "1", "2") },
		Help:  "Ask whether strangers may send for their sender's domain (RFC 7208): 0 does not, 1 notes the result, 2 also refuses a fail (550) and tells to come later who cannot be judged now (451)."},
	{Name: "RBL", Args: "[-i] [-p] [-f] -s score zone[=codes]", Repeat: true,
		Value: func(o *origin) conf.Value { return rbl.Directive(&o.lists) },
		Help:  "Ask this DNS list about strangers: -i has addresses, which is so unless said, -p verified names of clients, -f domains of senders. The scores of all lists that have the client are added, and 100 refuses it (550). Codes are the answers that count: 127.0.0.[2..11]."},
	{Name: "RBLTimeout", Args: "time", Default: "10s",
		Value: func(o *origin) conf.Value { return rbl.LimitDirective(&o.limit) },
		Help:  "How long all lists together may take to answer; at most 20 seconds. They are asked when the session begins, and about the sender's domain at MAIL."},
	{Name: "NoCheck", Args: "user[@host] ...", Repeat: true,
		Value: func(o *origin) conf.Value { return conf.Strings(&o.noCheck) },
		Help:  "Recipients for whom no mail is refused because of SPF, RBL, VerifySender, AllowDNSFail or Greylist, such as postmaster and abuse. Mail for other hosts is refused all the same."},
	{Name: "MxLocalRcpt", Args: "[0|1]", Default: "0",
		Value: func(o *origin) conf.Value { return conf.Bool(&o.backup) },
		Help:  "Take mail for every domain of which this host is a mail exchanger in DNS, but not the best."},
	{Name: "DNSRecord", Args: "folder",
		Value: func(o *origin) conf.Value { return conf.String(&o.answers) },
		Help:  "Keep the answers of DNS that each session was given in a zone file of its own in this folder, which smtpd -z, spf -z and rbl -z read. The log names it. The folder is below /var/lib/postern unless absolute, and must exist. Nobody empties it but you; and the names in it are whole, those of block lists with the customer's key too."},
	{Name: "XAvenger", Args: "[0|1]", Default: "1", Old: conf.Old{Plan9: "0", ZMailer: "0"},
		Value: func(o *origin) conf.Value { return conf.Bool(&o.xAvenger) },
		Help:  "Put a field X-Avenger with what is known of the client into strangers' mail."},
	{Name: "ReceivedSPF", Args: "[0|1]", Default: "1",
		Value: func(o *origin) conf.Value { return conf.Bool(&o.receivedSPF) },
		Help:  "Put a field Received-SPF with the result of SPF into strangers' mail."},
	{Name: "AuthResults", Args: "[0|1]", Default: "1",
		Value: func(o *origin) conf.Value { return conf.Bool(&o.authResults) },
		Help:  "Put a field Authentication-Results into strangers' mail (RFC 8601). Such fields and Received-SPF of our name or none, and X-Avenger, that it came with are taken out in any case."},
	{Name: "AuthservID", Args: "name",
		Value: func(o *origin) conf.Value { return conf.String(&o.authserv) },
		Help:  "Our name in Authentication-Results; the host name unless said."},
}

// complete fills in what depends on the rest.
func (o *origin) complete(c *config) {
	if o.authserv == "" {
		o.authserv = c.mail.Hostname
	}
	if o.answers != "" && !filepath.IsAbs(o.answers) {
		o.answers = filepath.Join(c.places.Lib(), o.answers)
	}
}

// check is what --check says of what the directives name.
func (o *origin) check(c *config) (errs []error) {
	if _, err := o.rules.Rules(c.etcDir); err != nil {
		errs = append(errs, err)
	}
	if o.answers != "" {
		if _, err := os.Stat(o.answers); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// thisHost says whether an address is that of an interface of this host, loopback
// aside.
func thisHost(a netip.Addr) bool {
	own, err := caller.HostAddrs()
	return err == nil && !a.IsLoopback() && slices.Contains(own, a)
}
