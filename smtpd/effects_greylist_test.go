package main

import (
	"os"
	"path/filepath"
	"testing"
)

// greylistEffects are those of telling strangers to come again.
func greylistEffects() []effect {
	kept := func(path string) func(t *testing.T, in *instance) {
		return func(t *testing.T, in *instance) {
			if _, err := os.Stat(filepath.Join(in.conf.greylist.Dir, path)); err != nil {
				t.Error(err)
			}
		}
	}
	// A stranger's recipient, who is told to come again. The session goes on.
	defers := func(seconds string) string {
		return hi + fromA + "C: RCPT TO:<bob@mx.test>\nS: 451 4.7.1 you are new here, try again in " + seconds + " seconds*\n"
	}
	return []effect{
		{directive: "Greylist GreylistDir", lines: []string{"Greylist", "GreylistDir $T/grey"},
			talk:   defers("300") + "C: RCPT TO:<postmaster@mx.test>\nS: 250 *\n" + bye,
			behind: kept("tmp")},
		{directive: "GreylistDelay GreylistWindow", lines: []string{"Greylist", "GreylistDelay 10m", "GreylistWindow 1h"},
			talk: defers("600") + bye},
		{directive: "GreylistMax", lines: []string{"Greylist", "GreylistMax 1", "GreylistDir $T/grey"},
			files: map[string]string{"grey/expired": "just now\n"},
			talk:  defers("300") + "C: RCPT TO:<alice@mx.test>\nS: 451 *\n" + bye, log: "too many strangers"},
		{directive: "GreylistLife", lines: []string{"Greylist", "GreylistLife 1h", "GreylistDir $T/grey"},
			files: map[string]string{"grey/whitelist": "192.0.2.7 x since=2026-01-01T00:00:00Z\n"},
			talk:  hi + fromA + rcptBob + bye},
		{directive: "GreylistKey", lines: []string{"Greylist", "GreylistKey net"},
			talk: defers("300") + bye, behind: kept("tmp/192.0.2.25/192.0.2.0/bob@mx.test")},
		{directive: "GreylistSPF", lines: []string{"Greylist", "GreylistSPF 1", "SPF 1"},
			zone: "client.example. TXT \"v=spf1 ip4:192.0.2.7 -all\"\n",
			talk: defers("300") + bye, behind: kept("tmp/192.0.2.25/client.example/bob@mx.test")},
	}
}
