package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/smtptest"
)

// wireEffects are those of what is offered, and of verbs.
func wireEffects() []effect {
	return []effect{
		{directive: "Banner", lines: []string{"Banner %H here", "Banner for %i%I"},
			talk: "S: 220-mx.test here\nS: 220 for 192.0.2.7\n" + bye},
		{directive: "Help", lines: []string{"Help ask postmaster"},
			talk: hi + "C: HELP\nS: 214-2.0.0 postern *\nS: 214-2.0.0 ask postmaster\nS: 214 2.0.0 commands: *\n" +
				"C: HELP MAIL\nS: 214 2.0.0 MAIL FROM:*\nC: HELP TURN\nS: 504 *\n" + bye},
		{directive: "VRFYcmd", lines: []string{"VRFYcmd 1"},
			talk: hi + "C: VRFY bob\nS: 250 2.1.5 <bob@mx.test>\nC: EVFY nobody\nS: 550 5.1.1 *\n" + bye},
		{directive: "EXPNcmd", lines: []string{"EXPNcmd 1"},
			talk: hi + "C: EXPN bob\nS: 250 2.1.5 <bob@mx.test>\n" + bye},
		{directive: "No8BITMIME", lines: []string{"No8BITMIME"},
			talk: without("8BITMIME", "SMTPUTF8") + "C: MAIL FROM:<> BODY=8BITMIME\nS: 555 5.5.4 *\nC: MAIL FROM:<> SMTPUTF8\nS: 555 5.5.4 *\n" + fromA + bye},
		{directive: "NoCHUNKING", lines: []string{"NoCHUNKING"},
			talk: without("CHUNKING") + fromA + rcptBob + "C: BDAT 6 LAST\nC: NOOP\nS: 502 5.5.1 *\n" + bye},
		{directive: "NoDSN", lines: []string{"NoDSN"},
			talk: without("DSN") + "C: MAIL FROM:<> RET=FULL\nS: 555 5.5.4 *\nC: MAIL FROM:<> ENVID=x\nS: 555 5.5.4 *\n" + fromA +
				"C: RCPT TO:<bob@mx.test> NOTIFY=NEVER\nS: 555 5.5.4 *\nC: RCPT TO:<bob@mx.test> ORCPT=rfc822;x\nS: 555 5.5.4 *\n" + bye},
		{directive: "NoEHLO", lines: []string{"NoEHLO"},
			talk: "S: 220 *\nC: EHLO client.example\nS: 500 5.5.1 *\nC: HELO client.example\nS: 250 mx.test\n" + bye},
		{directive: "NoEnhancedStatus", lines: []string{"NoENCHANCEDSTATUSCODES"},
			talk: without("ENHANCEDSTATUSCODES") + "C: NOOP\nS: 250 ok\nC: XFOO\nS: 500 unknown command\n" + bye},
		{directive: "NoETRN", lines: []string{"NoETRN"},
			talk: without("ETRN") + "C: ETRN client.example\nS: 500 5.5.1 *\n" + bye},
		{directive: "ETRNDomains", lines: []string{"ETRNDomains a.example *.b.example"},
			talk: hi + "C: ETRN A.example\nS: 250 2.0.0 *\nC: ETRN x.b.example\nS: 250 *\nC: ETRN client.example\nS: 459 4.7.1 *\n" + bye},
		{directive: "NoPIPELINING", lines: []string{"NoPIPELINING"},
			talk: without("PIPELINING") + "C: NOOP\nC: NOOP\nS: 250 *\nS: 250 *\n" + bye},
		{directive: "NoMultilineReplies", lines: []string{"NoMultilineReplies", "Banner one", "Banner two", "Help three"},
			talk: "S: 220 one\nC: EHLO client.example\nS: 250-...\nS: 250 *\nC: HELP\nS: 214 2.0.0 postern *\n" + bye},
		{directive: "DEBUGcmd", lines: []string{"DEBUGcmd"},
			talk: hi + "C: DEBUG\nS: 250 *\nC: NOOP traced\nS: 250 *\nC: Z-DEBUG\nS: 250 *\n" + bye, log: "< NOOP traced"},
		{directive: "AllowSourceRoute", lines: []string{"AllowSourceRoute", "Mailer $T/mailer"},
			files: map[string]string{"mailer": "#!/bin/sh\nshift 3\necho $* >$T/out\n"},
			talk: hi + fromA + "C: RCPT TO:<@mx.test,@mx.test:bob@mx.test>\nS: 250 2.1.5 recipient ok\n" +
				"C: RCPT TO:<@other.example:bob@mx.test>\nS: 550 5.7.1 *\n" + sendText + "S: 250 *\n" + bye,
			file: "out", text: "@mx.test,@mx.test:bob@mx.test\n"},
		{directive: "Style", lines: []string{"Style bad.* !go away", `Style \\[*\\] strict`, "Style r.example veR", "Style s.example veS", "Style v.example -", "Style l.example ve 7", "Style * ve", "VRFYcmd"},
			before: func(_ *testing.T, in *instance) { loadIs(in, 8) },
			talk: "S: 220 *\nC: EHLO BAD.example\nS: 501 5.7.1 Sorry [192.0.2.7], go away\n" + "C: MAIL FROM:<>\nS: 503 *\n" +
				"C: HELO r.example\nS: 250 *\nC: MAIL FROM:<joe>\nS: 501 5.1.7 *\nC: NOOP x\nS: 501 *\nC: MAIL FROM:<>\nS: 250 *\nC: RCPT TO:<postmaster>\nS: 250 *\n" +
				"C: HELO s.example\nS: 250 *\nC: MAIL FROM: a@b.example\nS: 250 *\nC: RCPT TO:bob@mx.test\nS: 250 *\n" +
				"C: HELO [192.0.2.7]\nS: 250 *\nC: MAIL FROM: <a@b.example>\nS: 501 5.5.2 *\nC: NOOP \nS: 501 *\n" +
				"C- BDAT  6 LAST\\r\\nQUIT\\r\\n\nS: 503 *\n" +
				"C: HELO v.example\nS: 250 *\nC: VRFY bob\nS: 252 *\n" +
				"C: HELO other.example\nS: 250 *\nC: VRFY bob\nS: 250 *\nC: MAIL FROM:<joe>\nS: 250 *\nC: RCPT TO:<bob>\nS: 250 *\n" +
				"C: EHLO bad.example\nS: 501 5.7.1 *\nC: MAIL FROM:<>\nS: 503 *\n" +
				"C: HELO l.example\nS: 421 4.3.2 *\nS: <end>\n"},
		{directive: "Verifier", lines: []string{"Verifier $T/verifier -x", "VRFYcmd", "EXPNcmd", "Style off.* veftFT", "Style * veft"},
			files: map[string]string{"verifier": "#!/bin/sh\necho \"$*\" >>$T/asked\ncase $3 in x*) echo nobody >&2; exit 67;; y*) exit 75;; esac\n"},
			talk: "S: 220 *\nC: HELO a.example\nS: 250 *\nC: VRFY bob\nS: 250 2.1.5 <bob@mx.test>\nC: VRFY xenia\nS: 550 5.1.1 nobody\nC: EXPN y\nS: 451 4.3.0 *\n" +
				"C: MAIL FROM:<x@a.example>\nS: 550 5.1.1 nobody *\nC: MAIL FROM:<z@a.example>\nS: 250 *\nC: RCPT TO:<nobody@mx.test>\nS: 550 5.1.1 no such *\nC: RCPT TO:<bob@mx.test>\nS: 250 *\n" +
				"C: HELO off.example\nS: 250 *\nC: MAIL FROM:<x@a.example>\nS: 250 *\n" + bye,
			file: "asked", text: "-x verify bob@mx.test\n-x verify xenia@mx.test\n-x expand y@mx.test\n-x from x@a.example\n-x from z@a.example\n-x to bob@mx.test\n"},
		{directive: "EnableRouter", lines: []string{"Verifier /bin/false", "EnableRouter 0", "VRFYcmd"},
			talk: "S: 220 *\nC: HELO a.example\nS: 250 *\nC: VRFY bob\nS: 250 2.1.5 <bob@mx.test>\n" + bye},
		{directive: "MaxUnknownCommands", lines: []string{"MaxUnknownCommands 2"},
			talk: hi + "C: X\nS: 500 *\nC: X\nS: 500 *\nS: 421 *\nS: <end>\n"},
		{directive: "AllowPercent", lines: []string{"AllowPercent", "Aliases $T/aliases"},
			files: map[string]string{"aliases": "bob%home: bob\n"},
			talk:  hi + fromA + "C: RCPT TO:<bob%home@mx.test>\nS: 250 *\n" + bye},
	}
}

// By default none of that holds.
func TestNoEffects(t *testing.T) {
	in := newInstance(t)
	talk(t, in, stranger, without("")+"C: VRFY bob\nS: 252 *\nC: DEBUG\nS: 500 *\nC: ETRN x\nS: 250 *\n"+
		"C: TICK 12\nS: 250 2.0.0 12\nC: VERB\nS: 250 *\nC: ONEX\nS: 250 *\nC: Z-IDENT\nS: 200 2.0.0 IDENT-NOT-QUERIED\n"+
		"C: SAML FROM:<joe>\nS: 501 *\nC: SOML FROM:<a@client.example>\nS: 250 *\n"+
		"C: RCPT TO:<@other.example:bob@mx.test>\nS: 250 2.1.5 recipient ok, source route ignored\nC: RCPT TO:<bob%home@mx.test>\nS: 550 *\n"+
		"C: RSET\nS: 250 *\nC: SEND FROM:<a@client.example>\nS: 250 *\n"+bye)
}

// writes counts the writes to a client.
type writes struct {
	net.Conn
	n int
}

func (w *writes) Write(p []byte) (int, error) {
	w.n++
	return w.Conn.Write(p)
}

// Replies to commands that came together go out together, unless the client
// was not told that it may send so.
func TestRepliesAreWrittenTogether(t *testing.T) {
	for line, want := range map[string]int{"NoPIPELINING 0": 4, "NoPIPELINING 1": 6} {
		in := newInstance(t, line)
		w := new(writes)
		smtptest.Run(t, line, hi+"C: NOOP\nC: NOOP\nC: NOOP\nS: 250 *\nS: 250 *\nS: 250 *\n"+bye, smtptest.Player{Side: smtptest.Client}, func(c net.Conn) {
			w.Conn = c
			in.serve(w, stranger)
		})
		if w.n != want {
			t.Errorf("%s: %d writes, want %d", line, w.n, want)
		}
	}
}

// Saying DEBUG again and again makes no more lines of each.
func TestDebugTwice(t *testing.T) {
	in := newInstance(t, "DEBUGcmd")
	talk(t, in, stranger, hi+"C: DEBUG\nS: 250 *\nC: DEBUG\nS: 250 *\nC: NOOP\nS: 250 *\n"+bye)
	if n := countLines(in, "< NOOP"); n != 1 {
		t.Errorf("%d lines of one command:\n%s", n, in.log)
	}
}

// What the command line says of load and session logs wins.
func TestBurdenFlags(t *testing.T) {
	f := new(flags)
	log := filepath.Join(t.TempDir(), "log")
	if err := f.parse([]string{"-L", "0", "-l", "SYSLOG", "-l", log, "--verbose"}); err != nil {
		t.Fatal(err)
	}
	in := newInstanceOf(t, f, "MaxLoad 5", "SessionLog /nowhere/log")
	loadIs(in, 9)
	talk(t, in, stranger, hi+bye)
	loadIs(in, 11) // less than 1 means 10
	talk(t, in, stranger, "S: 421 4.3.2 *\nS: <end>\n")
	text, err := os.ReadFile(log)
	if err != nil || strings.Count(string(text), "0000#\tsession ") != 2 || countLines(in, `0000w\t421 4.3.2`) != 1 {
		t.Errorf("the file has %q, %v; the log\n%s", text, err, in.log)
	}
	if st, err := os.Stat(log); err != nil || st.Mode().Perm()&0o007 != 0 {
		t.Errorf("%v, %v: others may read the log", st.Mode(), err)
	}
}
