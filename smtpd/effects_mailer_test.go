package main

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/smtptest"
	"postern/lib/tlsconf"
)

// A mailer that shows how it was run.
var showMailer = map[string]string{"mailer": "#!/bin/sh\n{ for i; do echo \"arg=$i\"; done; cat; } >$T/out\n"}

// mailerEffects are those of where mail goes.
func mailerEffects() []effect {
	return []effect{
		{directive: "Mailer", lines: []string{"Sendmail $T/mailer -oi -oem"}, files: showMailer,
			talk: hi + wholeMail + bye, file: "out", text: "arg=-oi\narg=-oem\narg=-f\narg=a@client.example\narg=--\narg=bob@mx.test\nReceived: "},
		{directive: "MailerDSN", lines: []string{"Mailer $T/mailer", "MailerDSN 1"}, files: showMailer,
			talk: without("ETRN") + "C: MAIL FROM:<> RET=HDRS ENVID=x\nS: 250 *\n" + bye},
		{directive: "MailerTimeout", lines: []string{"Mailer $T/mailer", "MailerTimeout 1"},
			files: map[string]string{"mailer": "#!/bin/sh\nsleep 30\n"},
			talk:  hi + fromA + rcptBob + sendText + "S: 451 *\n" + bye},
		{directive: "EmptySender", lines: []string{"Mailer $T/mailer", "EmptySender @"}, files: showMailer,
			talk: hi + fromNull + rcptBob + sendText + "S: 250 *\n" + bye, file: "out", text: "arg=-f\narg=@\narg=--\n"},
		{directive: "SendmailFromLine", lines: []string{"Mailer $T/mailer", "SendmailFromLine"}, files: showMailer,
			talk: hi + wholeMail + bye, file: "out", text: "arg=bob@mx.test\nFrom a@client.example "},
		{directive: "MailerUser", lines: []string{"Mailer $T/mailer", "AvengerUser nobody"}, before: needRoot,
			files: map[string]string{"mailer": "#!/bin/sh\n[ $(id -u) != 0 ] && exit 69\n"},
			talk:  hi + fromA + rcptBob + sendText + "S: 554 5.3.0 *\n" + bye},
		{directive: "SendmailPriv", lines: []string{"Mailer $T/mailer", "AvengerUser nobody", "SendmailPriv 1"}, before: needRoot,
			files: map[string]string{"mailer": "#!/bin/sh\n[ $(id -u) = 0 ] || exit 69\n"},
			talk:  hi + wholeMail + bye},
		{directive: "Hostname", lines: []string{"Hostname other.test"},
			talk: "S: 220 other.test *\nC: HELO client.example\nS: 250 other.test\n" + fromA + "C: RCPT TO:<bob@other.test>\nS: 250 *\n" + bye},
		{directive: "Domains", lines: []string{"ourdomains *.home.test"},
			talk: hi + fromA + "C: RCPT TO:<bob@a.home.test>\nS: 250 *\nC: RCPT TO:<bob@home2.test>\nS: 550 *\n" + bye},
		{directive: "Rewrite", lines: []string{"Rewrite $T/rules"}, files: map[string]string{"rules": "info@mx\\.test alias bob@mx.test\n"},
			talk: hi + fromA + "C: RCPT TO:<info@mx.test>\nS: 250 *\n" + bye},
		{directive: "Aliases", lines: []string{"Aliases $T/aliases"}, files: map[string]string{"aliases": "info: bob\n"},
			talk: hi + fromA + "C: RCPT TO:<info@mx.test>\nS: 250 *\n" + bye},
		{directive: "MailDir", lines: []string{"MailDir $T/mail"},
			files: map[string]string{"mail/carl/new/.keep": "", "mail/carl/cur/.keep": "", "mail/carl/tmp/.keep": ""},
			talk:  hi + fromA + "C: RCPT TO:<carl@mx.test>\nS: 250 *\nC: RCPT TO:<bob@mx.test>\nS: 550 *\n" + bye},
		{directive: "QueueDir", lines: []string{"QueueDir $T/queue", "TrustedNet 192.0.2.7", "Banner $T"},
			talk: "S: 220 *\nC: HELO a\nS: 250 *\n" + fromA + toOther + sendText + "S: 250 *\n" + bye,
			behind: func(t *testing.T, in *instance) {
				if names, _ := filepath.Glob(filepath.Join(in.conf.mail.Queue, "new/*/*")); len(names) != 1 {
					t.Errorf("the queue has %q", names)
				}
			}},
		{directive: "Separator", lines: []string{"Separator +"},
			talk: hi + fromA + "C: RCPT TO:<bob+x@mx.test>\nS: 250 *\nC: RCPT TO:<bob-x@mx.test>\nS: 550 *\n" + bye},
		{directive: "MaxReceived", lines: []string{"MaxReceived 10"},
			talk: hi + fromA + rcptBob + "C: DATA\nS: 354 *\n" + strings.Repeat("C: Received: x\n", 12) + "C: .\nS: 554 5.4.6 *\n" + bye},
	}
}

func needRoot(t *testing.T, _ *instance) {
	e2e.NeedRoot(t)
}

// $TMPDIR holds what is on its way to a mailer; the file has no name there.
func TestTMPDIR(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	dir := t.TempDir()
	mailer := filepath.Join(dir, "mailer")
	if err := os.WriteFile(mailer, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	in := newInstance(t, "Mailer "+mailer)
	talk(t, in, stranger, hi+fromA+rcptBob+sendText+"S: 451 *\n"+bye)
}

// rcvd-tls-mode is the only one of its kind that is on unless said.
func TestTLSModeInReceived(t *testing.T) {
	cert, key, err := tlsconf.SelfSigned(time.Now(), "mx.test")
	if err != nil {
		t.Fatal(err)
	}
	player := smtptest.Player{Side: smtptest.Client, TLS: &tls.Config{InsecureSkipVerify: true}}
	for line, want := range map[string]string{
		"rcvd-tls-mode 0": "by mx.test with ESMTPS id ", "rcvd-tls-mode 1": "by mx.test with ESMTPS (TLSv1.3 TLS_",
	} {
		in := newInstance(t, line)
		write(t, in.conf.tls.pairs[0].Cert, cert)
		write(t, in.conf.tls.pairs[0].Key, key)
		smtptest.Run(t, line, hi+"C: STARTTLS\nS: 220 *\nTLS\nC: EHLO client.example\nS: 250-...\nS: 250 *\n"+wholeMail+bye, player,
			func(c net.Conn) { in.serve(c, stranger) })
		effect{mail: want}.look(t, in, "")
	}
}
