package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/dnstest"
	"postern/lib/maillog"
)

// surroundingsEffects are those of log, DNS and files.
func surroundingsEffects() []effect {
	return []effect{
		{directive: "EtcDir SSLcert SSLkey", lines: []string{"EtcDir $T", "SSLcert both.pem", "SSLkey both.pem"},
			files: map[string]string{"both.pem": "no certificate\n"},
			talk:  hi + "C: STARTTLS\nS: 454 *\n" + bye, log: "/both.pem"},
		{directive: "SessionLog", lines: []string{"SessionLog SYSLOG $T/log"},
			talk: hi + "C: NOOP x\nS: 250 *\n" + bye, log: `0000r\tNOOP x`, file: "log", text: "0000w\t250 2.0.0 ok\n",
		},
		{directive: "DebugSMTP", lines: []string{"DebugSMTP"}, talk: hi + bye, log: "< EHLO client.example"},
	}
}

// What the log daemon gets carries facility, level and tag.
func TestLogTo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	daemon, err := net.ListenPacket("unixgram", name)
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	in := newInstance(t, "LogTo syslog", "LogPriority local0.notice", "LogTag gate")
	o := in.conf.logOptions()
	o.SyslogSocket = name
	in.server.log = maillog.Open(o)
	talk(t, in, stranger, hi+bye)
	buf := make([]byte, 2048)
	daemon.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, _, err := daemon.ReadFrom(buf)
	if got := string(buf[:n]); err != nil || !strings.HasPrefix(got, "<133>") || !strings.Contains(got, " gate[") || !strings.Contains(got, "verdict=none") {
		t.Errorf("syslog got %q, %v", got, err)
	}
}

// Resolver names the server that is asked.
func TestResolver(t *testing.T) {
	s := dnstest.Start(t, clientZone)
	e := effect{directive: "Resolver", lines: []string{"Resolver " + s.Addr().String(), "ClientName 1"}, talk: hi + wholeMail + bye,
		mail: "(mx.client.example [192.0.2.7])"}
	e.run(t)
	if len(s.Asked()) == 0 {
		t.Error("it was not asked")
	}
}

// A session log tells the story in order, and no password.
func TestSessionLogOrder(t *testing.T) {
	e := effect{directive: "SessionLog", lines: []string{"SessionLog SYSLOG", "Users $T/users", "AuthPlainClear 1", "AuthDelay 0"},
		files: map[string]string{"users": "ann:{PLAIN}secret\n"},
		talk:  hi + "C: AUTH PLAIN AGFubgBzZWNyZXQ=\nS: 235 *\n" + bye,
		behind: func(t *testing.T, in *instance) {
			var letters []byte
			for line := range strings.Lines(in.log.String()) {
				if front, _, ok := strings.Cut(line, `\t`); ok {
					letters = append(letters, front[len(front)-1])
				}
			}
			if got := string(letters); !strings.HasPrefix(got, "#wrw") || !strings.HasSuffix(got, "wrwrw") {
				t.Errorf("the lines are %s:\n%s", got, in.log)
			}
			if strings.Contains(in.log.String(), "AGFubg") {
				t.Errorf("a password is in the log:\n%s", in.log)
			}
		}}
	e.run(t)
}

func countLines(in *instance, part string) (n int) {
	for line := range strings.Lines(in.log.String()) {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}
