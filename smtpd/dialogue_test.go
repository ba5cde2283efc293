package main

import (
	"crypto/tls"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"postern/lib/smtptest"
	"postern/lib/tlsconf"
)

// Each dialogue is about one thing, which its file's name says. The client is
// a stranger.
func TestDialogues(t *testing.T) {
	in := newInstance(t)
	smtptest.RunFiles(t, "testdata/dialogues/*.txt", smtptest.Player{Side: smtptest.Client}, func(c net.Conn) {
		in.serve(c, stranger)
	})
}

func TestTLSDialogues(t *testing.T) {
	in := newInstance(t)
	cert, key, err := tlsconf.SelfSigned(time.Now(), "mx.test")
	if err != nil {
		t.Fatal(err)
	}
	write(t, in.conf.tls.pairs[0].Cert, cert)
	write(t, in.conf.tls.pairs[0].Key, key)
	player := smtptest.Player{Side: smtptest.Client, TLS: &tls.Config{InsecureSkipVerify: true}}
	smtptest.RunFiles(t, "testdata/tls/*.txt", player, func(c net.Conn) {
		in.serve(c, stranger)
	})
	got := strings.ReplaceAll(strings.Join(in.mailbox(t, "bob"), "---"), "\n\t", " ")
	for _, want := range []string{"Received: from after.example ", " with ESMTPS (TLSv1.3 TLS_", " for <bob@mx.test>;"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is not once in %q", want, got)
		}
	}
	if log := in.log.String(); !strings.Contains(log, "encryption_protocol=TLSv1.3") {
		t.Errorf("the log has no word of TLS:\n%s", log)
	}
}

func write(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
