package e2e

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// honestZone lets the stranger send, and confirms its name.
const honestZone = `
7.2.0.192.in-addr.arpa. PTR out.pass.test.
out.pass.test. A 192.0.2.7
pass.test.     TXT "v=spf1 ip4:192.0.2.7 ip6:2001:db8::/64 -all"
pass.test.     MX 10 out.pass.test.
`

// forgedFields claim to be this host's, or nobody's.
var forgedFields = []string{
	"X-Avenger: version=0.1; receiver=mx.test; forged",
	"x-AVENGER : forged",
	"X-Avenger:\r\n\tversion=1;\r\n forged",
	"Authentication-Results: mx.test; spf=forged",
	"AUTHENTICATION-RESULTS: MX.Test; spf=forged",
	"Authentication-Results : mx.test.; spf=forged",
	"Authentication-Results:mx.test;spf=forged",
	"Authentication-Results:\r\n mx.test\r\n ;\r\n spf=forged",
	"Authentication-Results\r\n : mx.test; spf=forged",
	"Authentication-Results: mx.test 1; spf=forged",
	"Authentication-Results: mx.test/1; spf=forged; mx.test",
	"Authentication-Results: \"mx.test\"; spf=forged",
	"Authentication-Results: \"m\\x\\.test\" 1; spf=forged",
	"Authentication-Results: (other.example; \\) (x)) mx.test (y); spf=forged",
	"Authentication-Results: mx.test(other.example); spf=forged",
	"Authentication-Results: ; mx.test; spf=forged",
	"Authentication-Results: \"\"; spf=forged",
	"Authentication-Results: (mx.test; spf=forged",
	"Authentication-Results:",
	"Authentication-Results: " + strings.Repeat("(", 900) + "mx.test; spf=forged",
	"Authentication-Results: mx.test;" + strings.Repeat("\r\n spf=forged (forged)", 5000),
	"Authentication-Results:" + strings.Repeat("\r\n (forged)", 10_000) + "\r\n mx.test; spf=pass",
	"X-Avenger:" + strings.Repeat("\r\n\tforged;", 10_000),
	"Received-SPF: pass (mx.test: 192.0.2.7 may send) receiver=mx.test; forged=x",
	"received-spf: pass forged=x;\r\n\tRECEIVER = (x) \"MX\\.test.\"",
	"Received-SPF: pass (forged) client-ip=192.0.2.7",
	"Received-SPF: pass receiver=mx.test\x00; forged=x",
	"Authentication-Results: mx.test\x00; spf=forged",
	"Received-SPF: pass (other.example: forged) receiver=other.example; receiver=mx.test",
	"Received-SPF: pass receiver=other.example" + strings.Repeat(";\r\n x=forged", 10_000) + ";\r\n receiver=mx.test",
}

// honestFields are what other hosts have found out, and what only looks like
// ours.
var honestFields = []string{
	"Authentication-Results: other.example; spf=pass smtp.mailfrom=mx.test",
	"Authentication-Results: mx.test.other.example; dkim=pass",
	"Authentication-Results: other.example (mx.test); none",
	"Authentication-Results: other.example/1;\r\n\tspf=pass (mx.test; spf=pass)",
	"Received-SPF: pass (other.example: domain of a@mx.test) receiver=other.example; helo=\"receiver=mx.test\"",
	"Received-SPF: Pass (mailfrom) identity=mailfrom; receiver=<UNKNOWN>",
	"X-Avenger-Results: mx.test",
	"X-Spam: Authentication-Results: mx.test; spf=pass",
	"Old-Authentication-Results: mx.test; spf=pass",
	"Received: from a.example by mx.test; Fri, 20 Nov 2026 10:00:00 +0000",
	"Subject: X-Avenger: mx.test",
}

// TestForgedFields: of what a stranger's message says in our name nothing is
// left; all else stays, octet by octet and in its order.
func TestForgedFields(t *testing.T) {
	const body = "\r\nX-Avenger: of the body\r\nAuthentication-Results: mx.test; spf=pass\r\n\r\n\tend \r\n"
	text := strings.Join(mix(forgedFields, honestFields), "\r\n") + "\r\n" + body
	t.Run("DATA", func(t *testing.T) {
		checkForged(t, body, func(c *talk) {
			c.ask("DATA", "354 ")
			c.send(text + ".\r\n")
		})
	})
	t.Run("BDAT", func(t *testing.T) {
		checkForged(t, body, func(c *talk) {
			for _, chunk := range []string{text[:20], text[20:333], text[333 : len(text)-len(body)-1]} { // within names, lines and fields
				c.send(fmt.Sprintf("BDAT %d\r\n%s", len(chunk), chunk))
				c.expect("250 ")
			}
			last := text[len(text)-len(body)-1:]
			c.send(fmt.Sprintf("BDAT %d LAST\r\n%s", len(last), last))
		})
	})
}

// checkForged has a stranger send forgedFields among honestFields.
func checkForged(t *testing.T, body string, send func(*talk)) {
	w := newWorld(t, honestZone)
	c, p := w.meet(stranger)
	c.ask("EHLO out.pass.test", "250-")
	if got := c.sends("joe@pass.test", ann); !strings.HasPrefix(got, "250 ") {
		t.Fatal(got)
	}
	send(c)
	c.expect("250 ")
	c.quit()
	<-p.done

	got := w.message("ann")
	want := strings.ReplaceAll(strings.Join(honestFields, "\r\n")+"\r\n"+body, "\r\n", "\n")
	ours, ok := strings.CutSuffix(got, want)
	if !ok {
		t.Fatalf("the message is\n%s", got)
	}
	names := fieldNames(ours)
	if want := []string{"Return-Path", "Delivered-To", "Received", "Authentication-Results", "Received-SPF", "X-Avenger"}; !slices.Equal(names, want) {
		t.Errorf("in front of it stand %q, want %q", names, want)
	}
	for _, part := range []string{
		"\nAuthentication-Results: mx.test; iprev=pass policy.iprev=192.0.2.7; spf=pass (192.0.2.7 may send mail from pass.test) smtp.mailfrom=joe@pass.test\n",
		"\nReceived-SPF: pass (mx.test: 192.0.2.7 may send mail from pass.test) receiver=mx.test; client-ip=192.0.2.7;",
		"\nX-Avenger: version=", "; receiver=mx.test; client-ip=192.0.2.7; client-port=4242",
	} {
		if !strings.Contains(unfolded(ours), part) {
			t.Errorf("%q is not in\n%s", part, ours)
		}
	}
}

// TestForgedInOtherLetters: our name is ours as A-labels and as U-labels (RFC 8601
// 5, RFC 8616 5).
func TestForgedInOtherLetters(t *testing.T) {
	w := newWorld(t, honestZone, "AuthservID xn--bcher-kva.test")
	c, p := w.meet(stranger)
	c.hello()
	c.ask("MAIL FROM:<joe@pass.test> SMTPUTF8", "250 ")
	c.ask("RCPT TO:<"+ann+">", "250 ")
	c.ask("DATA", "354 ")
	c.send("Authentication-Results: B\u00dcCHER.test; spf=forged\r\nAuthentication-Results: \"b\u00fccher.test\"; spf=forged\r\n" +
		"Authentication-Results: XN--BCHER-KVA.test.; spf=forged\r\nAuthentication-Results: mx.test; spf=forged\r\n\r\n.\r\n")
	c.expect("250 ")
	c.quit()
	<-p.done
	if text := w.message("ann"); strings.Contains(text, "forged") || !strings.Contains(text, "\nAuthentication-Results: xn--bcher-kva.test; ") {
		t.Errorf("the message is\n%s", text)
	}
}

// Python's mail parser sees the same fields as we.
func TestForgedFieldsAsOthersRead(t *testing.T) {
	python := Need(t, "python3")[0]
	w := newWorld(t, honestZone)
	c, p := w.meet(stranger)
	c.ask("EHLO out.pass.test", "250-")
	c.sends("joe@pass.test", "ann@"+hostname)
	c.ask("DATA", "354 ")
	c.send(strings.Join(forgedFields, "\r\n") + "\r\nSubject: last\r\n\r\ntext\r\n.\r\n")
	c.expect("250 ")
	c.quit()
	<-p.done
	const script = "import email, sys\nm = email.message_from_file(sys.stdin)\nprint(m.keys(), m.get_payload())"
	cmd := exec.Command(python, "-c", script)
	cmd.Stdin = strings.NewReader(w.message("ann"))
	out, err := cmd.CombinedOutput()
	const want = "['Return-Path', 'Delivered-To', 'Received', 'Authentication-Results', 'Received-SPF', 'X-Avenger', 'Subject'] text\n\n"
	if err != nil || string(out) != want {
		t.Errorf("%v, %s; want %s", err, out, want)
	}
}

// mix takes from both lists in turn, each in its order.
func mix(a, b []string) (all []string) {
	for i := range max(len(a), len(b)) {
		if i < len(a) {
			all = append(all, a[i])
		}
		if i < len(b) {
			all = append(all, b[i])
		}
	}
	return all
}

// fieldNames are the names of the fields of a head.
func fieldNames(head string) (names []string) {
	for line := range strings.Lines(head) {
		if name, _, ok := strings.Cut(line, ":"); ok && line[0] != '\t' && line[0] != ' ' {
			names = append(names, name)
		}
	}
	return names
}

// unfolded puts each field on one line.
func unfolded(head string) string { return strings.ReplaceAll(head, "\n\t", " ") }
