package main

import (
	"strconv"
	"time"

	"postern/lib/conf"
	"postern/lib/loadavg"
)

// wire is what the directives say about the dialogue beyond its limits: what
// is offered, which verbs there are, and who is made to wait.
type wire struct {
	no8BitMIME   bool
	noChunking   bool
	noDSN        bool
	noEHLO       bool
	noEnhanced   bool
	noETRN       bool
	etrnDomains  []string
	noPipelining bool
	oneLine      bool // replies of one line, but for EHLO's
	debugVerb    bool
	sourceRoutes bool
	tarpit       tarpit
	styles       []style
	verifier     []string
	askVerifier  bool

	maxRelayRcpts int
	maxErrorRcpts int
	minSpace      int // KiB
	maxLoad       int

	trustedDomains []string
	dnsFail        string
	identWait      time.Duration

	tlsInReceived   bool
	identInReceived bool
	authInReceived  bool
	peerInReceived  bool

	sessionLog []string

	rcptsNote, spaceNote string // what --check says of limits that were raised
}

func defaultWire() wire {
	return wire{maxLoad: loadavg.Never, dnsFail: "2", tlsInReceived: true, askVerifier: true}
}

// wireRows say what is offered and which verbs there are.
var wireRows = []conf.Row[wire]{
	{Name: "No8BITMIME", Synonyms: []string{"!8BITMIME-OK"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.no8BitMIME) },
		Help:  "Do not offer 8BITMIME, nor take BODY, nor SMTPUTF8, which builds upon it. Messages of 8 bits pass all the same."},
	{Name: "NoCHUNKING", Synonyms: []string{"!CHUNKING-OK"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.noChunking) },
		Help:  "Do not offer CHUNKING, nor take BDAT."},
	{Name: "NoDSN", Synonyms: []string{"!DSN-OK"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.noDSN) },
		Help:  "Do not offer DSN, nor take its parameters: RET, ENVID, NOTIFY, ORCPT."},
	{Name: "NoEHLO", Synonyms: []string{"!EHLO-OK"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.noEHLO) },
		Help:  "Know HELO only."},
	{Name: "NoEnhancedStatus", Synonyms: []string{"NoENHANCEDSTATUSCODES", "NoENCHANCEDSTATUS", "NoENCHANCEDSTATUSCODES", "!ENHANCEDSTATUSCODES-OK"},
		Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.noEnhanced) },
		Help:  "Do not offer ENHANCEDSTATUSCODES, nor put such codes into replies."},
	{Name: "NoETRN", Synonyms: []string{"!ETRN-OK"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.noETRN) },
		Help:  "Do not know ETRN, by which a host asks for the mail that waits for a domain."},
	{Name: "ETRNDomains", Args: "domain ...", Repeat: true,
		Value: func(w *wire) conf.Value { return conf.Strings(&w.etrnDomains) },
		Help:  "The domains that strangers may ask for with ETRN; *.dom means dom and all below it. Any unless said."},
	{Name: "NoPIPELINING", Synonyms: []string{"!PIPELINING-OK"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.noPipelining) },
		Help:  "Do not offer PIPELINING, and write each reply by itself."},
	{Name: "NoMultilineReplies", Synonyms: []string{"!multiline-replies-ok"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.oneLine) },
		Help:  "Replies have one line, but for that to EHLO."},
	{Name: "DEBUGcmd", Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.debugVerb) },
		Help:  "Know the verbs DEBUG and Z-DEBUG, which turn on DebugSMTP for the session."},
	{Name: "AllowSourceRoute", Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.sourceRoutes) },
		Help:  "Keep the route of a recipient like <@a,@b:c@d> for the mailer. Strangers may only name hosts of ours in it. Otherwise it is dropped."},
	{Name: "Style", Args: "pattern flags [load]", Repeat: true, Style: true,
		Value: func(w *wire) conf.Value { return styleValue(&w.styles) },
		Help:  "How clients are taken whose HELO name matches the pattern, see Styles. The first that matches counts."},
}

// burdenRows say when a client has to wait or to come later.
var burdenRows = []conf.Row[wire]{
	{Name: "Tarpit", Args: "seconds growth [top]", Default: "0 0",
		Value: func(w *wire) conf.Value { return w.tarpit.value() },
		Help:  "Let a client wait so long for the first refusal, and for each further one longer by growth times as much, up to top, 250 unless said. 20 2 makes it 20, 60, 180 and 250 seconds."},
	{Name: "MaxRelayRcpts", Args: "number", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Int(&w.maxRelayRcpts, 0, 1<<20) },
		Help:  "Recipients of a message as far as they are on other hosts, when this is more than MaxRcpts."},
	{Name: "MaxErrorRecipients", Args: "number", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Int(&w.maxErrorRcpts, 0, 1<<20) },
		Old:   conf.Old{ZMailer: "3"},
		Help:  "Recipients of a message from <>, which is a notice to one sender. Whoever names more is refused for all of them; 0 for no limit."},
	{Name: "MinAvailSpace", Args: "kilobytes", Default: "0",
		Value: func(w *wire) conf.Value { return noted(conf.Int(&w.minSpace, 0, 1<<31-1), &w.spaceNote) },
		Old:   conf.Old{ZMailer: "5000"},
		Help:  "Free space in the file system of the queue below which messages are told to come later (452), before them and behind them."},
	{Name: "MaxLoad", Args: "number", Default: "999",
		Value: func(w *wire) conf.Value { return conf.Int(&w.maxLoad, -1<<31, 1<<31-1) },
		Help:  "Refuse sessions (421) while the load average of the last minute is above this; less than 1 means 10, 999 never. Obeyed by listen too."},
}

// The least values of limits in ZMailer, which raised smaller ones to these.
const (
	zmailerRcpts = 100  // RcptLimitCount
	zmailerSpace = 1000 // min-availspace
)

// complete gives limits of a ZMailer file the least values they had there.
func (w *wire) complete(c *config) {
	if c.table.Dialect() == conf.ZMailer {
		w.rcptsNote = raise(&c.maxRcpts, zmailerRcpts)
		w.spaceNote = raise(&w.minSpace, zmailerSpace)
	}
	w.maxLoad = loadavg.Limit(w.maxLoad)
}

// raise makes a limit at least so much, and says so when it does.
func raise(limit *int, least int) (note string) {
	if *limit < least {
		note = "ZMailer has at least this, not " + strconv.Itoa(*limit)
		*limit = least
	}
	return note
}

// noted is a value with a note for --check.
func noted(v conf.Value, note *string) conf.Value {
	v.Note = func() string { return *note }
	return v
}
