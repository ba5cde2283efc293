package e2e

import (
	"strings"
	"testing"
)

// TestXAvenger: the field has what asmtpd(8) says of each token, as far as it is
// known of this client, and the decision record has that and all the rest.
func TestXAvenger(t *testing.T) {
	const mail = "MAIL FROM: <joe@none.test>\r\nRCPT TO:<ann@" + hostname + ">\r\nDATA\r\n"
	w := newWorld(t, mailZone+"10.2.0.192.list.test. A 127.0.0.2\n10.2.0.192.list.test. A 127.0.0.4\n10.2.0.192.more.test. A 127.0.0.2\n",
		"RBL -s 40 list.test", "RBL -s 30 more.test", "RBL -s 100 broken.test", "RBL -s 100 white.test")
	c, p := w.meet(unnamed)
	c.send("EHLO client.test\r\n" + mail)
	for _, want := range []string{"250-", "250 ", "250 ", "354 "} {
		c.expect(want)
	}
	c.send("Subject: x\r\n\r\ntext\r\n.\r\n")
	c.expect("250 ")
	c.quit()
	d := p.lastDecision(t)
	for _, name := range []string{"id", "verdict", "reply", "client_address", "client_port", "server_address", "client_name", "reverse_client_name", "client_dns_error",
		"helo_name", "protocol_name", "sender", "recipient", "recipient_count", "size", "mailer", "colon_space", "eager_pipelining",
		"spf", "spf_record", "spf_domain", "spf_identity", "rbl", "rbl_errors", "rbl_score"} {
		if d.Value(name) == "" {
			t.Errorf("%s is not in the decision record %s", name, d.String())
		}
	}
	tokens := xAvenger(t, w.message("ann"))
	want := []string{"version=*", "receiver=" + hostname, "client-ip=" + unnamed, "client-port=4242", "client-dnsfail=*", "colon-space", "eager-pipelining",
		"RBL=list.test (127.0.0.2 127.0.0.4), more.test (127.0.0.2)", "RBL-errors=broken.test (*"}
	if len(tokens) != len(want) {
		t.Errorf("got %q, want %q", tokens, want)
	}
	for i, token := range tokens {
		front, wild := strings.CutSuffix(want[min(i, len(want)-1)], "*")
		if !strings.HasPrefix(token, front) || (len(token) > len(front)) != wild {
			t.Errorf("got %q, want %q", token, want[min(i, len(want)-1)])
		}
	}
}

// xAvenger are the tokens of the only such field of a message.
func xAvenger(t *testing.T, message string) []string {
	t.Helper()
	head, _, _ := strings.Cut(message, "\n\n")
	_, field, ok := strings.Cut(unfolded(head), "\nX-Avenger: ")
	field, _, _ = strings.Cut(field, "\n")
	if !ok || strings.Contains(field, "X-Avenger") {
		t.Fatalf("the message is\n%s", message)
	}
	return strings.Split(field, "; ")
}
