package main

import (
	"testing"

	"postern/lib/sysexits"
)

func TestStatus(t *testing.T) {
	for text, want := range map[string]int{
		"250 ok": sysexits.OK, "451 later": sysexits.TempFail, "450 4.1.1 later": sysexits.TempFail,
		"550 no": sysexits.NoUser, "551 no": sysexits.NoUser, "553 no": sysexits.NoUser, "550 5.1.1 no": sysexits.NoUser, "554 5.1.6 no": sysexits.NoUser,
		"550 5.1.2 no": sysexits.NoHost, "556 5.1.10 no": sysexits.NoHost,
		"554 5.6.0 no": sysexits.DataErr,
		"550 5.7.1 no": sysexits.Unavailable, "553 5.7.1 no": sysexits.Unavailable, "554 no": sysexits.Unavailable, "552 no": sysexits.Unavailable,
	} {
		if got := (outcome{reply: reply(t, text)}).status(); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
	if got := (outcome{reply: reply(t, "451 later"), exit: sysexits.Config}).status(); got != sysexits.Config {
		t.Errorf("a fault of ours: %d", got)
	}
}
