package main

import (
	"os"
	"strings"
	"testing"

	"postern/lib/dnstest"
)

// A process that serves many sessions keeps the answers of each apart: a later
// decision is not looked at again with what was true before.
func TestEachSessionKeepsItsAnswers(t *testing.T) {
	dir := t.TempDir()
	in := newInstanceOf(t, new(flags), "SPF 2", "DNSRecord "+dir)
	for _, zone := range []string{spfPass, spfFails} {
		in.conf.dns = dnstest.Start(t, zone).Resolver()
		talk(t, in, stranger, hi+fromA+bobHears("*")+bye)
	}
	all := decisions(t, in)
	if len(all) != 2 || all[0].Value("dns_record") == all[1].Value("dns_record") {
		t.Fatalf("the log says\n%s", in.log)
	}
	for i, want := range []string{"pass", "fail"} {
		if got := all[i].Value("spf"); got != want {
			t.Errorf("session %d: spf=%s, want %s", i+1, got, want)
		}
		text, err := os.ReadFile(all[i].Value("dns_record"))
		if err != nil || strings.Contains(string(text), "ip4:192.0.2.7") != (want == "pass") {
			t.Errorf("session %d has kept %q, %v", i+1, text, err)
		}
	}
	if files, err := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("the folder has %v, %v", files, err)
	}
}

// That answers cannot be kept is said, and costs no mail.
func TestAnswersCannotBeKept(t *testing.T) {
	in := newInstanceOf(t, new(flags), "SPF 2", "DNSRecord /nonexistent")
	in.conf.dns = dnstest.Start(t, spfPass).Resolver()
	talk(t, in, stranger, hi+wholeMail+bye)
	if !strings.Contains(in.log.String(), "check=dns-record error=\"open /nonexistent/") {
		t.Errorf("the log says\n%s", in.log)
	}
}
