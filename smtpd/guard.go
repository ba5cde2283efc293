package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"postern/lib/check"
	"postern/lib/conf"
)

// Defaults, as upas's smtpd had them.
const (
	usualDelay = 15 * time.Second // of -D
	longDelay  = time.Minute      // of -D, for SlowNets
	usualDumps = 1000             // copies of blocked messages a day
)

// guard is what the directives say about keeping strangers at a distance.
type guard struct {
	drop            []netip.Prefix
	senderDomain    bool
	tagForged       bool
	saveBlocked     bool
	dumpDir         string
	maxDumps        int
	heloDelay       time.Duration
	longDelay       time.Duration
	slowNets        []string
	demandAuth      bool
	quietHelo       bool
	lists           check.ListFiles
	validateAddress []string
	validateSender  []string
}

func defaultGuard() guard {
	return guard{
		maxDumps:  usualDumps,
		longDelay: longDelay,
		slowNets:  []string{"58", "66", "71", "76-89", "190", "201", "217"},
	}
}

// guardRows say whom to keep at a distance, and how.
var guardRows = []conf.Row[guard]{
	{Name: "DropNets", Args: "net ...", Repeat: true,
		Value: func(g *guard) conf.Value { return conf.Nets(&g.drop) },
		Help:  "Drop connections from these networks without a word and without a line in the log."},
	{Name: "HeloDelay", Args: "time", Default: "0s",
		Value: func(g *guard) conf.Value { return conf.Duration(&g.heloDelay) },
		Help:  "Let strangers wait for the answer to their HELO; few who send in bulk do. smtpd -D says 15 seconds."},
	{Name: "LongDelay", Args: "time", Default: "1m",
		Value: func(g *guard) conf.Value { return conf.Duration(&g.longDelay) },
		Help:  "How long those of SlowNets wait when HeloDelay is set."},
	{Name: "SlowNets", Args: "net ...", Default: "58 66 71 76-89 190 201 217", Repeat: true,
		Value: func(g *guard) conf.Value { return slowNets(&g.slowNets) },
		Help:  "Networks much used by those who send in bulk; 76-89 means every IPv4 address whose first octet is one of these."},
	{Name: "DemandAuth", Args: "[0|1]", Default: "0",
		Value: func(g *guard) conf.Value { return conf.Bool(&g.demandAuth) },
		Help:  "Strangers whose HELO is refused by a check may stay, and must authenticate before they send."},
	{Name: "QuietHelo", Args: "[0|1]", Default: "0",
		Value: func(g *guard) conf.Value { return conf.Bool(&g.quietHelo) },
		Help:  "Keep sessions out of the log whose HELO is refused by a check."},
}

// listRows are about senders, and the files in which people are listed.
var listRows = []conf.Row[guard]{
	{Name: "VerifySender", Synonyms: []string{"verifysenderdom"}, Args: "[0|1]", Default: "0",
		Value: func(g *guard) conf.Value { return conf.Bool(&g.senderDomain) },
		Help:  "Refuse strangers' mail from a domain that has neither a mail exchanger nor an address in DNS."},
	{Name: "TagForged", Synonyms: []string{"norelay"}, Args: "[0|1]", Default: "0",
		Value: func(g *guard) conf.Value { return conf.Bool(&g.tagForged) },
		Help:  "Put an X-warning field into strangers' mail that claims to be from one of our domains. Strangers' mail for other hosts is refused in any case."},
	{Name: "SaveBlocked", Synonyms: []string{"saveblockedmsg"}, Args: "[0|1]", Default: "0",
		Value: func(g *guard) conf.Value { return conf.Bool(&g.saveBlocked) },
		Help:  "Keep copies of blocked messages in DumpDir."},
	{Name: "DumpDir", Args: "folder",
		Value: func(g *guard) conf.Value { return conf.String(&g.dumpDir) },
		Help:  "Holds a folder for each day with copies of blocked messages; /var/spool/postern/dump unless said. It must exist."},
	{Name: "MaxDumps", Args: "number", Default: "1000",
		Value: func(g *guard) conf.Value { return conf.Int(&g.maxDumps, 1, 1<<16) },
		Help:  "Copies that are kept of one day."},
	{Name: "Blocked", Args: "file", Old: conf.Old{Plan9: "blocked"},
		Value: func(g *guard) conf.Value { return conf.String(&g.lists.Blocked) },
		Help:  "Lists clients and senders to allow, block, deny, dial or delay; below EtcDir unless absolute."},
	{Name: "NamesBlocked", Args: "file", Old: conf.Old{Plan9: "names.blocked"},
		Value: func(g *guard) conf.Value { return conf.String(&g.lists.NamesBlocked) },
		Help:  "Lists recipients who get no mail; below EtcDir unless absolute."},
	{Name: "Senders", Args: "file", Old: conf.Old{Plan9: "senders"},
		Value: func(g *guard) conf.Value { return conf.String(&g.lists.Senders) },
		Help:  "Lists recipients who get mail from some hosts only, and those; below EtcDir unless absolute."},
	{Name: "Ratify", Args: "folder", Old: conf.Old{Plan9: "ratify"},
		Value: func(g *guard) conf.Value { return conf.String(&g.lists.Ratify) },
		Help:  "Lists by the names of files: trusted/ADDRESS, and block/ip/ADDRESS, allow/account/SENDER and so on; below /var/lib/postern unless absolute."},
	{Name: "ValidateAddress", Args: "program [argument ...]", Old: conf.Old{Plan9: "validateaddress"},
		Value: func(g *guard) conf.Value { return conf.Strings(&g.validateAddress) },
		Help:  "Ask this program about each recipient. Named without a folder it is looked for in EtcDir, and need not be there."},
	{Name: "ValidateSender", Args: "program [argument ...]", Old: conf.Old{Plan9: "validatesender"},
		Value: func(g *guard) conf.Value { return conf.Strings(&g.validateSender) },
		Help:  "Ask this program about strangers' mail at DATA. Named without a folder it is looked for in EtcDir, and need not be there."},
}

// applyGuards gives the flags their effect.
func (c *config) applyGuards() (errs []error) {
	f := c.flags
	for _, row := range []struct {
		on                     bool
		flag, directive, value string
	}{
		{f.skipHelo, "-e", "HeloExists", "0"},
		{f.demandAuth, "-E", "DemandAuth", "1"},
		{f.tagForged, "-f", "TagForged", "1"},
		{f.greylist && !c.greylist.Wanted(), "-g", "Greylist", "1"},
		{f.quietHelo, "-q", "QuietHelo", "1"},
		{f.verifySender, "-r", "VerifySender", "1"},
		{f.saveBlocked, "-s", "SaveBlocked", "1"},
		{f.delay && c.guard.heloDelay == 0, "-D", "HeloDelay", usualDelay.String()},
	} {
		if row.on {
			errs = append(errs, c.table.Flag(row.flag, row.directive, row.value))
		}
	}
	if len(f.drop) > 0 {
		errs = append(errs, c.table.Flag("-k", "DropNets", f.drop...))
	}
	return errs
}

// complete fills in what depends on other directives.
func (g *guard) complete(c *config) {
	g.lists.Blocked = c.below(g.lists.Blocked)
	g.lists.NamesBlocked = c.below(g.lists.NamesBlocked)
	g.lists.Senders = c.below(g.lists.Senders)
	if r := g.lists.Ratify; r != "" && !filepath.IsAbs(r) {
		g.lists.Ratify = filepath.Join(c.places.Lib(), r)
	}
	if g.dumpDir == "" {
		g.dumpDir = filepath.Join(c.places.Spool(), "dump")
	}
}

// checkLists is what --check says of the files in which people are listed.
func (c *config) checkLists(stderr io.Writer) {
	warn := func(err error) { fmt.Fprintf(stderr, "smtpd: %v\n", err) }
	for _, err := range check.NewLists(c.guard.lists, time.Now, warn).Check() {
		warn(err)
	}
	for _, h := range []check.Hook{c.hook(c.guard.validateAddress), c.hook(c.guard.validateSender)} {
		if _, err := os.Stat(h.Path); h.Path != "" && err != nil && !h.Optional {
			warn(err)
		}
	}
}

// hook is a program of a directive.
func (c *config) hook(words []string) check.Hook {
	if len(words) == 0 {
		return check.Hook{}
	}
	return check.Hook{Path: c.below(words[0]), Args: words[1:], Optional: !strings.Contains(words[0], "/")}
}

// slowNets is a list of networks and first octets. It is kept as it was written, and
// made into networks (slowPrefixes) only where there is a delay.
func slowNets(p *[]string) conf.Value {
	return conf.Checked(conf.Strings(p), func(word string) error {
		_, err := parseSlow(word)
		return err
	})
}

// parseSlow reads a network, a first octet, 58, or a range of them, 76-89.
func parseSlow(word string) ([]netip.Prefix, error) {
	if strings.ContainsAny(word, ".:/") {
		net, err := conf.ParseNet(word)
		return []netip.Prefix{net}, err
	}
	low, high, ok := strings.Cut(word, "-")
	if !ok {
		high = low
	}
	first, err1 := strconv.ParseUint(low, 10, 8)
	last, err2 := strconv.ParseUint(high, 10, 8)
	if err1 != nil || err2 != nil || first > last {
		return nil, fmt.Errorf("%q is neither a network nor a first octet", word)
	}
	var list []netip.Prefix
	for n := first; n <= last; n++ {
		list = append(list, netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n)}), 8))
	}
	return list, nil
}

// slowPrefixes are the networks of words that were parsed before.
func slowPrefixes(words []string) (list []netip.Prefix) {
	for _, word := range words {
		nets, _ := parseSlow(word)
		list = append(list, nets...)
	}
	return list
}
