package main

import (
	"bufio"
	"net"
	"os"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// aSYN is what the collector of these tests says of each client.
const aSYN = "60000:57:1:60:M1460,S,T,N,W7"

// collector answers one question as synfp does.
func collector(t *testing.T, in *instance) {
	path := in.conf.syn.socket
	if err := os.MkdirAll(strings.TrimSuffix(path, "/synfp"), 0o755); err != nil {
		t.Fatal(err)
	}
	e2e.Serve(t, "unix", path, func(c net.Conn) {
		question, _ := bufio.NewReader(c).ReadString('\n')
		if strings.Contains(question, "client_address=192.0.2.7") {
			c.Write([]byte("syn_fingerprint=" + aSYN + "\n"))
		}
	})
}

// silentCollector takes questions and answers none.
func silentCollector(t *testing.T, in *instance) {
	if err := os.MkdirAll(strings.TrimSuffix(in.conf.syn.socket, "/synfp"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", in.conf.syn.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}

// goneCollector has left its socket.
func goneCollector(t *testing.T, in *instance) {
	silentCollector(t, in)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: in.conf.syn.socket + "-", Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if err := os.Rename(in.conf.syn.socket+"-", in.conf.syn.socket); err != nil {
		t.Fatal(err)
	}
}

func lacks(words string) func(*testing.T, *instance) {
	return func(t *testing.T, in *instance) {
		if mail := unfolded(in.mailbox(t, "bob")); mail == "" || strings.Contains(mail, words) {
			t.Errorf("%q is in the mail:\n%s", words, mail)
		}
	}
}

// synEffects are those of looking at SYNs.
func synEffects() []effect {
	mail := hi + wholeMail + bye
	return []effect{
		{directive: "SynFp", before: collector, talk: mail, mail: "syn-fingerprint=" + aSYN, log: "syn_fingerprint=" + aSYN + " syn_os=Linux "},
		{directive: "SynFp", lines: []string{"Mailer $T/mailer"}, before: collector, talk: mail,
			files: map[string]string{"mailer": "#!/bin/sh\ncat >/dev/null\necho \"$CLIENT_SYNFP $CLIENT_SYNOS\" >$T/out\n"},
			file:  "out", text: aSYN + " Linux\n"},
		{directive: "SynFp", lines: []string{"SynFp 0"}, before: collector, talk: mail, behind: lacks("syn-fingerprint")},
		{directive: "SynFpWait", lines: []string{"SynFpWait 1"}, before: silentCollector, talk: mail, behind: lacks("syn-fingerprint")},
		{directive: "SynFpWait", lines: []string{"SynFpWait 0"}, before: collector, talk: mail, mail: "syn-fingerprint=" + aSYN},
		{directive: "SynFpWait", before: goneCollector, talk: mail, behind: func(t *testing.T, in *instance) {
			lacks("syn-fingerprint")(t, in)
			if log := in.log.String(); strings.Contains(log, "synfp") {
				t.Errorf("a collector that is gone is in the log:\n%s", log)
			}
		}},
		{directive: "SynOsMTU", lines: []string{"SynOsMTU 1290"}, before: collector, talk: mail, log: `syn_os="Linux 4.20 or later"`},
	}
}
