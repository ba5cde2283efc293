package main

import (
	"path/filepath"
	"testing"
)

// liarSays is a client that says our name, which is a lie.
const liarSays = "S: 220 *\nC: HELO mx.test\n"

// guardEffects are those of what keeps strangers at a distance.
func guardEffects() []effect {
	return []effect{
		{directive: "DemandAuth", lines: []string{"DemandAuth"},
			talk: liarSays + "S: 250 *\nC: MAIL FROM:<>\nS: 530 *\n" + bye},
		{directive: "QuietHelo", lines: []string{"QuietHelo"}, talk: liarSays + "S: 554 *\nS: <end>\n",
			behind: func(t *testing.T, in *instance) {
				if log := in.log.String(); log != "" {
					t.Errorf("the log has %s", log)
				}
			}},
		{directive: "HeloDelay LongDelay SlowNets", lines: []string{"HeloDelay 3", "LongDelay 7", "SlowNets 192.0.2.0/24"},
			before: func(t *testing.T, in *instance) {
				list := slept(in)
				t.Cleanup(func() {
					if len(*list) != 1 || (*list)[0].Seconds() != 7 {
						t.Errorf("the client waited for %v", *list)
					}
				})
			}, talk: hi + bye},
		{directive: "VerifySender", lines: []string{"VerifySender"}, zone: clientZone,
			talk: hi + "C: MAIL FROM:<a@no.example.org>\nS: 5*\nC: MAIL FROM:<a@mx.client.example>\nS: 250 *\n" + bye},
		{directive: "TagForged", lines: []string{"norelay 1"},
			talk: hi + "C: MAIL FROM:<alice@mx.test>\nS: 250 *\n" + rcptBob + sendText + "S: 250 *\n" + bye, mail: "\nX-warning: "},
		{directive: "Blocked SaveBlocked DumpDir", lines: []string{"Blocked $T/blocked", "SaveBlocked", "DumpDir $T"},
			files: map[string]string{"blocked": "block 192.0.2.7\n"},
			talk:  hi + fromA + rcptBob + sendText + "S: 554 *\n" + bye,
			behind: func(t *testing.T, in *instance) {
				if names, _ := filepath.Glob(filepath.Join(in.conf.guard.dumpDir, "*-*-*/*")); len(names) != 1 {
					t.Errorf("copies: %q", names)
				}
			}},
		{directive: "NamesBlocked", lines: []string{"NamesBlocked $T/names"}, files: map[string]string{"names": "bob@mx.test\n"},
			talk: hi + fromA + "C: RCPT TO:<bob@mx.test>\nS: 550 *\n" + bye},
		{directive: "Senders", lines: []string{"Senders $T/senders"}, files: map[string]string{"senders": "bob@mx.test 192.0.2.99\n"},
			talk: hi + fromA + "C: RCPT TO:<bob@mx.test>\nS: 550 *\n" + bye},
		{directive: "Ratify", lines: []string{"Ratify $T"}, files: map[string]string{"trusted/192.0.2.7": ""},
			talk: hi + fromA + toOther + bye},
		{directive: "AuthFailures AuthPlainClear AuthProgram", files: map[string]string{"check": "#!/bin/sh\nexit 1\n"},
			lines: []string{"AuthFailures 1", "AuthPlainClear 1", "AuthProgram $T/check", "AuthDelay 0"},
			talk:  hi + "C: AUTH PLAIN AGFubgBzZWNyZXQ=\nS: 535 *\nS: 421 *\nS: <end>\n"},
		{directive: "AuthDelay", lines: []string{"AuthPlainClear 1", "AuthProgram $T/check", "AuthDelay 3"},
			files: map[string]string{"check": "#!/bin/sh\nexit 1\n"},
			before: func(t *testing.T, in *instance) {
				list := slept(in)
				t.Cleanup(func() {
					if len(*list) != 1 || (*list)[0].Seconds() != 3 {
						t.Errorf("the client waited for %v", *list)
					}
				})
			}, talk: hi + "C: AUTH PLAIN AGFubgBzZWNyZXQ=\nS: 535 *\n" + bye},
	}
}
