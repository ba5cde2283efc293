package main

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/place"
	"postern/lib/smtptest"
)

// An effect shows what one directive does to a dialogue.
type effect struct {
	directive string
	lines     []string          // of smtpd.conf; $T is a folder of the row's own
	files     map[string]string // what lies there
	zone      string            // what DNS knows
	from      string            // the client, stranger unless said
	before    func(*testing.T, *instance)
	talk      string
	mail      string                      // stands in bob's mailbox when it is over
	log       string                      // stands in the log
	file      string                      // a file of $T, and
	text      string                      // what stands there
	behind    func(*testing.T, *instance) // what else is to be seen
}

// effects are all rows. Each is where its directive's subject is.
func effects() []effect {
	return slices.Concat(wireEffects(), limitEffects(), rateEffects(), policyEffects(), originEffects(), guardEffects(), greylistEffects(), synEffects(), pathEffects(), mailerEffects(), surroundingsEffects())
}

func TestEffects(t *testing.T) {
	for _, e := range effects() {
		t.Run(e.directive, func(t *testing.T) {
			t.Parallel()
			e.run(t)
		})
	}
}

func (e effect) run(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // for mailers that are not us
		t.Fatal(err)
	}
	for name, text := range e.files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(text, "$T", dir)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f := new(flags)
	if e.zone != "" {
		f.zone = filepath.Join(dir, "zone")
		write(t, f.zone, []byte(e.zone))
	}
	var lines []string
	for _, l := range e.lines {
		lines = append(lines, strings.ReplaceAll(l, "$T", dir))
	}
	in := newInstanceOf(t, f, lines...)
	if e.before != nil {
		e.before(t, in)
	}
	p := stranger
	if e.from != "" {
		p.client = netip.MustParseAddrPort(e.from)
		p.server = netip.AddrPortFrom(p.client.Addr(), 25)
	}
	smtptest.Run(t, e.directive, e.talk, smtptest.Player{Side: smtptest.Client}, func(c net.Conn) { in.serve(c, p) })
	e.look(t, in, dir)
}

// look looks at what the dialogue left behind.
func (e effect) look(t *testing.T, in *instance, dir string) {
	t.Helper()
	if mail := unfolded(in.mailbox(t, "bob")); !strings.Contains(mail, e.mail) {
		t.Errorf("%q is not in the mailbox:\n%s", e.mail, mail)
	}
	if !strings.Contains(in.log.String(), e.log) {
		t.Errorf("%q is not in the log:\n%s", e.log, in.log)
	}
	if e.file != "" {
		text, err := os.ReadFile(filepath.Join(dir, e.file))
		if err != nil || !strings.Contains(string(text), e.text) {
			t.Errorf("%q is not in %s: %q, %v", e.text, e.file, text, err)
		}
	}
	if e.behind != nil {
		e.behind(t, in)
	}
}

func unfolded(messages []string) string {
	return strings.ReplaceAll(strings.Join(messages, "\n"), "\n\t", " ")
}

// Parts of dialogues.
const (
	hi        = "S: 220 *\nC: EHLO client.example\nS: 250-...\nS: 250 *\n"
	bye       = "C: QUIT\nS: 221 *\nS: <end>\n"
	fromA     = "C: MAIL FROM:<a@client.example>\nS: 250 *\n"
	fromNull  = "C: MAIL FROM:<>\nS: 250 *\n"
	rcptBob   = "C: RCPT TO:<bob@mx.test>\nS: 250 *\n"
	sendText  = "C: DATA\nS: 354 *\nC: Subject: x\nC: \nC: text\nC: .\n"
	wholeMail = fromA + rcptBob + sendText + "S: 250 *\n"
)

// ehlo is a greeting, the offers, and no other offer.
func ehlo(offers ...string) string {
	text := "S: 220 *\nC: EHLO client.example\nS: 250-mx.test\n"
	for _, o := range offers[:len(offers)-1] {
		text += "S: 250-" + o + "\n"
	}
	return text + "S: 250 " + offers[len(offers)-1] + "\n"
}

// without is all that is offered by default but some.
func without(some ...string) string {
	all := []string{"PIPELINING", "SIZE 104857600", "8BITMIME", "CHUNKING", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN", "ETRN", "HELP"}
	return ehlo(slices.DeleteFunc(all, func(s string) bool { return slices.Contains(some, s) })...)
}

// elsewhere are directives whose effect a test of their own shows, which names
// them.
func elsewhere(directive string) (test string) {
	switch directive {
	case "ClientName", "Resolver":
		return "TestResolver"
	case "rcvd-tls-mode":
		return "TestTLSModeInReceived"
	case "LogTo", "LogPriority", "LogTag":
		return "TestLogTo"
	case "MaxMsgsPerCaller":
		return "TestSubmissionLimit"
	case "SMTPTimeout":
		return "TestCommandTimeout"
	case "SSL", "SSLCAcert", "TLSCApath", "SSLCRL", "TLSAskCert":
		return "TestRelayingByCertificate"
	case "CertRelay":
		return "TestRelayingByFingerprint"
	case "TLSRequireCert":
		return "TestRequiredCertificate"
	case "SSLciphers", "TLSMinVersion":
		return "TestTLSSettings"
	case "TicketKeys", "TicketLife":
		return "TestTLSTickets"
	case "TLSCertDepth", "rcvd-tls-peer":
		return "TestTLSCertDepth"
	case "ListenSSMTP":
		return "TestListenSSMTP"
	case "TLSRequired":
		return "TestTLSRequired"
	case "OutlookTLSBug":
		return "TestEagerClientWhereTLSMayBegin"
	case "Users", "AuthDovecot", "AuthMechanisms", "smtp-auth":
		return "TestAuthOffers"
	case "SASL":
		return "TestUsersMayRelay"
	case "MSA-mode":
		return "TestMSAMode"
	case "AuthFailRate":
		return "TestGuessesFromAddress"
	case "DropNets":
		return "TestDropped"
	case "MaxDumps":
		return "TestDumpIsBounded"
	case "SMTPFilter":
		return "TestAsksForFilter"
	case "ValidateAddress", "ValidateSender":
		return "TestHooks"
	}
	return ""
}

// Every directive that is obeyed has a row, or a test of its own.
func TestEveryDirectiveHasEffect(t *testing.T) {
	sources := testSources(t)
	var rows []string
	for _, e := range effects() {
		rows = append(rows, strings.Fields(e.directive)...)
	}
	obeyed, _ := defaultConfig(new(flags), place.New("")).directives().Names()
	for _, name := range obeyed {
		test := elsewhere(name)
		switch {
		case slices.Contains(rows, name):
		case test == "":
			t.Errorf("%s has no row in effects, which shows what it does on the wire", name)
		case !strings.Contains(sources, "\nfunc "+test+"(") || !strings.Contains(sources, name):
			t.Errorf("%s is said to be shown by %s, which is not there or has no word of it", name, test)
		}
	}
	for _, name := range rows {
		if !slices.Contains(obeyed, name) {
			t.Errorf("%s has a row and is no directive", name)
		}
	}
}

// testSources is the text of all other tests of this folder.
func testSources(t *testing.T) string {
	t.Helper()
	names, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		if name == "effects_test.go" { // where elsewhere is
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// What other programs obey, or nothing does, may stand in the file.
func TestInertDirectives(t *testing.T) {
	_, inert := defaultConfig(new(flags), place.New("")).directives().Names()
	for i, name := range inert {
		inert[i] = name + " 1"
	}
	in := newInstance(t, inert...)
	var check strings.Builder
	if err := in.conf.table.Check(&check); err != nil {
		t.Fatal(err)
	}
	for _, line := range inert {
		_, rest, ok := strings.Cut(check.String(), "\n"+line+"  # ")
		rest, _, _ = strings.Cut(rest, "\n")
		if !ok || !strings.Contains(rest, "obeyed by ") && !strings.Contains(rest, "has no effect: ") {
			t.Errorf("--check says %q of %s", rest, line)
		}
	}
}

// slept notes how long a session let its client wait, instead of waiting.
func slept(in *instance) *[]time.Duration {
	var list []time.Duration
	in.sleep = func(_ *session, d time.Duration) bool {
		list = append(list, d)
		return true
	}
	return &list
}
