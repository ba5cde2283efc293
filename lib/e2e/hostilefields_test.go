package e2e

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestFieldsAboutAttacker: whatever a client calls itself and its sender, and
// whatever its domain publishes, each of our fields about it is one field that
// says what we found out and nothing else.
func TestFieldsAboutAttacker(t *testing.T) {
	zone := strings.ReplaceAll(attackerZone, "-all", "~exists:%{l1r-}.x.test ~all") + `
7.2.0.192.in-addr.arpa. PTR a\(b\)\;spf=pass.test.
7.2.0.192.in-addr.arpa. PTR out.evil.test.
out.evil.test. A 192.0.2.7
`
	w := newWorld(t, zone)
	for i, s := range hostileSenders {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			c, p := w.meet(stranger)
			if helo := c.say("EHLO " + s.helo); !strings.HasPrefix(helo, "250") {
				c.ask("EHLO evil.test", "250-")
			}
			mail := strings.Replace(s.mail, "<joe@", "<\"joe (x) ; spf=pass smtp.mailfrom=a@b.test\\\"; spf=pass\"@", 1)
			if !strings.HasPrefix(c.say("MAIL FROM:"+mail), "250 ") {
				c.ask("MAIL FROM:<joe@evil.test>", "250 ")
			}
			c.ask("RCPT TO:<"+ann+">", "250 ")
			c.ask("DATA", "354 ")
			c.send("Subject: x\r\n\r\n.\r\n")
			c.expect("250 ")
			c.quit()
			<-p.done
			checkFields(t, w.message("ann"))
			w.empty("ann")
		})
	}
}

// fieldsBehind are the forms of our fields without comments and quoted strings.
var fieldsBehind = map[string]*regexp.Regexp{
	"Authentication-Results": regexp.MustCompile(`^ mx\.test; iprev=pass policy\.iprev=192\.0\.2\.7; spf=softfail *( smtp\.(mailfrom|helo)=\S+)?$`),
	"Received-SPF":           regexp.MustCompile(`^ softfail *receiver=mx\.test; client-ip=192\.0\.2\.7; envelope-from=\S*;( helo=\S*;)? identity=(mailfrom|helo); mechanism=\S*$`),
	"X-Avenger":              regexp.MustCompile(`^ version=[0-9.]+; receiver=mx\.test; client-ip=192\.0\.2\.7; client-port=4242$`),
}

func checkFields(t *testing.T, message string) {
	t.Helper()
	head, _, _ := strings.Cut(message, "\n\n")
	want := []string{"Return-Path", "Delivered-To", "Received", "Authentication-Results", "Received-SPF", "X-Avenger", "Subject"}
	if names := fieldNames(head + "\n"); !slices.Equal(names, want) || strings.ContainsAny(head, "\r\x00\x1b\x7f") || !utf8.ValidString(head) {
		t.Errorf("the fields are %q in\n%q", names, head)
	}
	for line := range strings.Lines(head) {
		if len(line) > 998 { // RFC 5322 2.1.1
			t.Errorf("a line of %d octets: %.100s", len(line), line)
		}
	}
	for line := range strings.Lines(unfolded(head)) {
		name, body, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if form := fieldsBehind[name]; form != nil && !form.MatchString(bare(body)) {
			t.Errorf("%s says %q, of %q", name, bare(body), body)
		}
	}
}

// bare is the body of a field without its comments and what is in quotes (RFC
// 5322 3.2.2, 3.2.4).
func bare(body string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// empty takes all messages out of a Maildir.
func (in *instance) empty(user string) {
	in.t.Helper()
	if err := os.RemoveAll(in.maildir(user) + "/new"); err != nil {
		in.t.Fatal(err)
	}
	in.mkdir("var/lib/postern/mail/" + user + "/new")
}
