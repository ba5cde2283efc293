package main

import (
	"strings"
	"testing"

	"postern/lib/header"
)

// -f: what claims to be ours and comes from a stranger is tagged.
func TestForged(t *testing.T) {
	const envelope, sender, fromField = "X-warning: suspect envelope domain\n", "X-warning: suspect Sender: domain\n", "X-warning: suspect From: domain\n"
	for name, tt := range map[string]struct {
		mail, head string
		lines      []string
		want       string
	}{
		"clean":               {"a@client.example", "From: a@client.example", nil, ""},
		"envelope":            {"bob@mx.test", "From: a@client.example", nil, envelope},
		"own domain":          {"bob@ours.test", "From: a@client.example", []string{"Domains ours.test"}, envelope},
		"below":               {"bob@deep.ours.test", "From: a@client.example", []string{"Domains *.ours.test"}, envelope},
		"not below":           {"bob@deep.ours.test", "From: a@client.example", []string{"Domains ours.test"}, ""},
		"from":                {"a@client.example", "From: The Boss <boss@MX.test>", nil, fromField},
		"from, as A-labels":   {"a@client.example", "From: boss@xn--bcher-kva.test", []string{"Domains bücher.test"}, fromField},
		"from, as U-labels":   {"a@client.example", "From: boss@BÜCHER.test", []string{"Domains xn--bcher-kva.test"}, fromField},
		"all three":           {"bob@mx.test", "From: bob@mx.test\nSender: bob@mx.test", nil, envelope + sender + fromField},
		"list":                {"l@client.example", "From: bob@mx.test\nSender: list@client.example", nil, ""},
		"list, other order":   {"l@client.example", "Sender: list@client.example\nFrom: bob@mx.test", nil, ""},
		"second address":      {"a@client.example", "From: a@client.example, bob@mx.test", nil, fromField},
		"out of sight":        {"a@client.example", "From: " + strings.Repeat("(x)\n ", header.MaxField/5) + "bob@mx.test", nil, fromField},
		"name only":           {"a@client.example", `From: "bob@mx.test" <a@client.example>`, nil, ""},
		"null":                {"", "From: a@client.example", nil, ""},
		"no domain":           {"a@client.example", "From: bob", nil, ""},
		"no domain, our HELO": {"a@client.example", "From: bob", []string{"HeloClaims 0", "Domains client.example"}, fromField},
		"tagged before":       {"a@client.example", "X-warning: suspect envelope domain\nFrom: a@client.example\nx-WARNING : suspect\n From: domain", nil, ""},
		"another warning":     {"a@client.example", "X-Warning: slippery", nil, "X-Warning: slippery\n"},
		"trusted":             {"bob@mx.test", "From: bob@mx.test", []string{"TrustedNet 192.0.2.7"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInstance(t, tt.lines...).withFlags(t, "-f")
			text := strings.Replace(oneMail, "a@client.example", tt.mail, 1)
			if name == "no domain, our HELO" {
				tt.want = envelope + tt.want
			}
			talk(t, in, stranger, strings.Replace(text, "C: Subject: x\n", "C: "+strings.ReplaceAll(tt.head, "\n", "\nC: ")+"\nC: Subject: x\nC: \nC: X-warning: suspect nothing\n", 1))
			box := in.mailbox(t, "bob")
			if len(box) != 1 {
				t.Fatalf("the mailbox has %q", box)
			}
			head, body, _ := strings.Cut(box[0], "\n\n")
			var got string
			for line := range strings.Lines(head + "\n") {
				if strings.HasPrefix(strings.ToLower(line), "x-warning") {
					got += line
				}
			}
			if got != tt.want || body != "X-warning: suspect nothing\n" {
				t.Errorf("got %q, want %q in\n%s", got, tt.want, box[0])
			}
		})
	}
}

// Who has logged in, and who is on this host, may be who he says.
func TestForgedByOurs(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear 1", "SASL 1").withFlags(t, "-f")
	text := strings.Replace(oneMail, "C: HELO client.example\nS: 250 *\n", "C: EHLO client.example\nS: 250-...\nS: 250 HELP\nC: AUTH PLAIN AGFubgBzZWNyZXQ=\nS: 235 *\n", 1)
	talk(t, in, stranger, strings.Replace(text, "a@client.example", "bob@mx.test", 1))
	for _, p := range []peer{from("127.0.0.1"), from("::1"), from("192.0.2.25")} {
		talk(t, in, p, strings.Replace(oneMail, "a@client.example", "bob@mx.test", 1))
	}
	box := in.mailbox(t, "bob")
	if len(box) != 4 || strings.Contains(strings.Join(box, ""), "X-warning") {
		t.Errorf("the mailbox has %q", box)
	}
}

// A message that is all head, and one that comes in chunks.
func TestForgedWithoutBody(t *testing.T) {
	in := newInstance(t).withFlags(t, "-f")
	talk(t, in, stranger, strings.Replace(oneMail, "C: Subject: x\n", "C: From: bob@mx.test\n", 1))
	talk(t, in, stranger, `S: 220 *
C: EHLO client.example
S: 250-...
S: 250 HELP
C: MAIL FROM:<a@client.example>
C: RCPT TO:<bob@mx.test>
C: BDAT 6
C- From: 
S: 250 *
S: 250 *
S: 250 *
C: BDAT 15 LAST
C: <bob@mx.test>
S: 250 *
C: QUIT
S: 221 *
`)
	for _, text := range in.mailbox(t, "bob") {
		if !strings.HasSuffix(text, "bob@mx.test\nX-warning: suspect From: domain\n") && !strings.HasSuffix(text, "<bob@mx.test>\nX-warning: suspect From: domain\n") {
			t.Errorf("got %q", text)
		}
	}
	if n := len(in.mailbox(t, "bob")); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}
