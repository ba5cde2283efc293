package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// attackerZone is a domain that refuses its own mail so as to have its words in
// our replies: those of each macro, and some that are no explanation at all.
const attackerZone = `
evil.test.       TXT "v=spf1 -all exp=why.evil.test"
why.evil.test.   TXT "s=%{s} l=%{l} o=%{o} d=%{d} h=%{h} S=%{S} H=%{H} c=%{c} i=%{ir} p=%{p} t=%{t} %% %_ %-"
evil.test.       A   192.0.2.1
name.test.       TXT "v=spf1 -all exp=%{l1r-}.%{h}.why.name.test"
*.why.name.test. TXT "%{l}"
long.test.       TXT "v=spf1 -all exp=why.long.test"
why.long.test.   TXT "%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{h}%{h}%{h}%{h}%{h}%{h}%{h}%{h}"
raw.test.        TXT "v=spf1 -all exp=why.raw.test"
why.raw.test.    TXT "this\013\010250 2.0.0 accepted as forged\013\010"
nul.test.        TXT "v=spf1 -all exp=why.nul.test"
why.nul.test.    TXT "\000\027[2J\127\128\255"
`

// hostileSenders are what clients say in MAIL, and in HELO before it. quiet are those
// whose domain has no explanation that can be read.
var hostileSenders = []struct {
	helo, mail string
	quiet      bool
}{
	{"client.test", "<joe@evil.test>", false},
	{"client.test", "<joe@name.test>", false},
	{"client.test", `<"..\000.x"@name.test>`, true}, // a label of no octets
	{"client.test", "<" + strings.Repeat("x.", 400) + "y@name.test>", false},
	{"client.test", "<gr\u00fc\u00dfe@name.test> SMTPUTF8", true},
	{"client.test", "<joe@raw.test>", true},
	{"client.test", "<joe@nul.test>", true},
	{"client.test", `<"250 2.0.0 accepted"@evil.test>`, false},
	{"client.test", `<"\"\\ (x) <y> ; \% %{s}"@evil.test>`, false},
	{"client.test", "<\"a\r250 2.0.0 accepted\r\"@evil.test>", false},
	{"client.test", "<\"a\\\r\\\x00b\"@evil.test>", false},
	{"client.test", "<\"a\x00b\"@evil.test>", false},
	{"client.test", "<\"a\x01\x07\x1b[2J\x7f\"@evil.test>", false},
	{"client.test", "<a\x80\xff\xc3@evil.test>", false},
	{"client.test", "<\"\x80\xff\xc3\"@evil.test> SMTPUTF8", false},
	{"client.test", "<gr\u00fc\u00dfe@evil.test> SMTPUTF8", false},
	{"client.test", "<\u202egnp.exe@evil.test> SMTPUTF8", false},
	{"client.test", "<\"\u2028\u0085250\"@evil.test> SMTPUTF8", false},
	{"client.test", "<" + strings.Repeat("x", 900) + "@long.test>", false},
	{"client.test", "<" + strings.Repeat("x", 10_000) + "@evil.test>", false},
	{"client.test", "<a@" + strings.Repeat("x.", 5_000) + "evil.test>", false},
	{"a\x00b", "<>", false},
	{strings.Repeat("h", 900), "<joe@long.test>", false},
	{"[250 2.0.0]", "<joe@evil.test>", false},
	{"\u202e\x1b[2J", "<joe@evil.test>", false},
}

// TestExplanationOfAttacker: whatever a domain says of a refusal, and whatever
// the client has said that the domain repeats, what the client gets is one reply
// of SMTP, and the words are marked as those of the domain.
func TestExplanationOfAttacker(t *testing.T) {
	w := newWorld(t, attackerZone)
	refused := 0
	for i, s := range hostileSenders {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			c, p := w.meet(stranger)
			if helo := c.legal(t, "EHLO "+s.helo); !strings.HasPrefix(helo, "250") {
				c.legal(t, "EHLO evil.test")
			}
			if !strings.HasPrefix(c.legal(t, "MAIL FROM:"+s.mail), "250 ") {
				c.legal(t, "MAIL FROM:<joe@evil.test>")
			}
			got := c.legal(t, "RCPT TO:<ann@"+hostname+">")
			marked := strings.Contains(got, ".test explains: ")
			if !strings.HasPrefix(got, "550") || marked == s.quiet {
				t.Errorf("the reply is %q", got)
			}
			c.ask("NOOP", "250 ")
			c.quit()
			if d := p.lastDecision(t); d.Value("spf") != "fail" || d.Value("check") != "spf" {
				t.Errorf("the log is %s", p.log)
			}
			refused++
		})
	}
	if refused != len(hostileSenders) {
		t.Errorf("%d of %d were refused", refused, len(hostileSenders))
	}
}

// legal sends a line and takes the reply, which must be one that RFC 5321 4.2
// allows: each line of the same codes, at most 512 octets long, of printable
// ASCII.
func (c *talk) legal(t *testing.T, line string) string {
	t.Helper()
	got := c.say(line)
	code := got[:3]
	for l := range strings.SplitAfterSeq(strings.TrimSuffix(got, "\r\n"), "\r\n") {
		text := strings.TrimSuffix(l, "\r\n")
		if len(text)+2 > 512 || !strings.HasPrefix(text, code) || strings.Trim(text, printables) != "" {
			t.Errorf("a line of %d octets of the reply: %q", len(text)+2, text)
		}
	}
	return got
}

// printables are what a line of a reply is made of.
const printables = "\t !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// hostileLists are block lists whose reason for a listing is an attack.
var hostileLists = []string{
	`"this\013\010250 2.0.0 accepted"`,
	`"\000\027[2J\127\128\255\195\188"`,
	`"` + strings.Repeat(`x`, 255) + `" "` + strings.Repeat(`y`, 255) + `" "` + strings.Repeat(`z`, 255) + `"`,
	`"%s%n \\ \" (x) ; =y"`,
}

// TestReasonOfList: nor can what a block list says.
func TestReasonOfList(t *testing.T) {
	w := newWorld(t, honestZone)
	for i, text := range hostileLists {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w.write("zone", honestZone+"7.2.0.192.list.test. A 127.0.0.2\n7.2.0.192.list.test. TXT "+text+"\n")
			w.configure("RBL -s 100 list.test")
			conn, p := w.sessionOf(stranger, "-z", "zone")
			c := converse(t, conn)
			c.expect("220 ")
			c.hello()
			c.ask("MAIL FROM:<joe@pass.test>", "250 ")
			got := c.legal(t, "RCPT TO:<"+ann+">")
			if !strings.HasPrefix(got, "550 5.7.1 RBL: 192.0.2.7 is listed by list.test: ") {
				t.Errorf("the reply is %q", got)
			}
			c.ask("NOOP", "250 ")
			c.quit()
			if d := p.lastDecision(t); d.Value("check") != "rbl" || d.Value("rbl_reason") == "" {
				t.Errorf("the log is %s", p.log)
			}
			answer, status := w.run("client_address="+stranger+"\n\n", program(t, "rbl"), "-P", "-z", "zone", "-b", "list.test")
			line, end, _ := strings.Cut(answer, "\n")
			if status != 0 || end != "\n" || strings.Trim(line, printables) != "" || !strings.HasPrefix(line, "action=550 5.7.1 ") {
				t.Errorf("rbl -P: status %d, %q", status, answer)
			}
		})
	}
}

// TestExplanationForPostfix: a policy server has one answer of one line for each
// of them.
func TestExplanationForPostfix(t *testing.T) {
	w := newWorld(t, attackerZone)
	var in strings.Builder
	n := 0
	for _, s := range hostileSenders {
		sender, _, _ := strings.Cut(strings.TrimPrefix(s.mail, "<"), ">")
		if sender == "" || strings.ContainsAny(sender, "\x00\n") {
			continue
		}
		n++
		fmt.Fprintf(&in, "request=smtpd_access_policy\nclient_address=%s\nhelo_name=%s\nsender=%s\n\n", stranger, strings.ReplaceAll(s.helo, "\x00", ""), sender)
	}
	out, status := w.run(in.String(), program(t, "spf"), "-P", "-r", w.dns.Addr().String())
	answers := strings.Split(out, "\n\n")
	if status != 0 || len(answers) != n+1 || answers[n] != "" {
		t.Fatalf("%d requests, status %d, answers:\n%s", n, status, out)
	}
	for _, a := range answers[:n] {
		if strings.Trim(a, printables) != "" || !strings.HasPrefix(a, "action=550 5.7.23 ") && a != "action=DUNNO" && !strings.HasPrefix(a, "action=PREPEND ") {
			t.Errorf("answer %q", a)
		}
	}
}
