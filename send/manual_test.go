package main

import (
	"os"
	"strings"
	"testing"

	"postern/lib/place"
	"postern/lib/rewrite"
	"postern/lib/sysexits"
)

// page is a manual page.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// display is the literal display behind a heading of a page, its escapes
// undone.
func display(t *testing.T, text, heading string) string {
	t.Helper()
	_, text, ok := strings.Cut(text, heading)
	_, text, ok2 := strings.Cut(text, ".Bd -literal")
	_, text, _ = strings.Cut(text, "\n")
	text, _, ok3 := strings.Cut(text, ".Ed\n")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("no display behind %s", heading)
	}
	return strings.NewReplacer(`\e`, `\`, `\&`, ``, `\(aq`, `'`).Replace(text)
}

func TestExamplesOfRewrite(t *testing.T) {
	text := display(t, page(t, "rewrite.5"), ".Sh EXAMPLES")
	rules, err := rewrite.Parse("rewrite", strings.NewReader(text))
	if err != nil || len(rules) != 7 || len(rules.Check("mx.example")) != 0 {
		t.Fatalf("got %d rules, %v", len(rules), err)
	}
	p := instance(t)
	put(t, p.Etc()+"/rewrite", text)
	for address, want := range map[string]string{
		"Robert@anywhere.example":   ">> " + p.Mail() + "/bob/",
		"joe@old.example.org":       "nobody joe@example.org",
		"nosuch@lists.example.org":  "nobody nosuch@lists.example.org",
		"any.name@example.net":      ">>+ /var/mail/net",
		"joe@lists.example.com":     "| /usr/lib/lists/post --from '' -- joe",
		"joe@example.com":           ">> lmtp:/run/dovecot/lmtp",
		"other@sub.old.example.org": "relay other@sub.old.example.org",
	} {
		status, stdout, stderr := send(nil, "-x", address)
		if got := strings.TrimPrefix(stdout, address+" "); got != want+"\n" || status == sysexits.TempFail {
			t.Errorf("%s: got %q, %q, want %q", address, got, stderr, want)
		}
	}
}

func TestExamplesOfAliases(t *testing.T) {
	p := instance(t)
	text := display(t, page(t, "send.8"), ".Ss Aliases")
	put(t, p.Root()+"/staff", "carol\n")
	put(t, p.Aliases(), strings.ReplaceAll(text, "/etc/postern/staff", p.Root()+"/staff"))
	if status, _, stderr := send(nil, "--check"); status != 0 {
		t.Fatalf("got %d, %q", status, stderr)
	}
	_, stdout, _ := send(nil, "-x", "tickets", "archive", "root")
	want := "tickets | /usr/local/bin/ticket --new\narchive >>+ /var/mail/archive\n"
	if !strings.HasPrefix(stdout, want) || !strings.Contains(stdout, "root relay joe@elsewhere.example\n") {
		t.Errorf("got %q", stdout)
	}
}

// TestManualNamesEverything wants each option and each directive in the page.
func TestManualNamesEverything(t *testing.T) {
	c := newConfig(place.New(""))
	text := strings.NewReplacer("\n", " ", ",", " ").Replace(page(t, "send.8"))
	for line := range strings.Lines(c.options().Usage()) {
		option, ok := strings.CutPrefix(strings.TrimSpace(line), "-")
		if !ok {
			continue
		}
		option, _, _ = strings.Cut(option, " ")
		if !strings.Contains(text, " "+option+" ") {
			t.Errorf("-%s is not in send.8", option)
		}
	}
	var inForce strings.Builder
	c.table.Check(&inForce)
	for line := range strings.Lines(inForce.String()) {
		name := strings.TrimPrefix(strings.Fields(line)[0], "#")
		if !strings.Contains(text, " "+name+" ") {
			t.Errorf("%s is not in send.8", name)
		}
	}
}
