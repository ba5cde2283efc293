package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// greyRecipients is how many recipients a client names in one session.
const greyRecipients = 25

// greyClients is how many clients come on each visit, each of a network of its
// own: ten thousand requests in all visits.
func greyClients() int {
	if testing.Short() {
		return 5
	}
	return 100
}

// greyVisit is a time at which all clients come. The rules that postgrey and
// ours share give all of them one answer.
type greyVisit struct {
	name    string
	network int    // second number of the clients' networks
	rcpt    string // beginning of the recipients' names
	want    string // code of the answer to each recipient
	await   bool   // until what came before has waited long enough
}

var greyVisits = []greyVisit{
	{"strangers", 1, "r", "450", false},
	{"the same again", 1, "r", "250", true},
	{"known clients, other recipients", 1, "other", "250", false},
	{"other clients, known recipients", 2, "r", "450", false},
}

// greyCrowd has two Postfixes ask ten thousand requests each, the one of our
// greylist and the other of postgrey, and compares what they tell the client.
func (h *policyHost) greyCrowd(t *testing.T) {
	p := policyNamed(t, "greylist")
	for _, v := range greyVisits {
		if v.await {
			last := policyRow{addr: "198.18.0.1", helo: "mx.none.test", sender: "a@none.test", want: "250 "}
			await(t, "both to let the last client through", func() bool { return h.agree(t, p, last) })
		}
		wrong := 0
		for i := range greyClients() {
			wrong += h.greySession(t, p, v, greyClient(v.network, i))
		}
		t.Logf("%s: %d requests to each, %d answered wrongly", v.name, greyClients()*greyRecipients, wrong)
	}
}

func policyNamed(t *testing.T, name string) *policy {
	t.Helper()
	for i := range policies {
		if policies[i].name == name {
			return &policies[i]
		}
	}
	t.Fatalf("no policy %q", name)
	return nil
}

// greyClient is client i: of IPv4 or IPv6, with a sender or with none.
func greyClient(network, i int) policyRow {
	row := policyRow{addr: fmt.Sprintf("10.%d.%d.1", network, i), helo: "mx.none.test", sender: fmt.Sprintf("a%d@none.test", i)}
	if i%2 == 1 {
		row.addr = fmt.Sprintf("IPV6:2001:db8:%x:%x::1", network, i)
	}
	if i%5 == 4 {
		row.sender = ""
	}
	return row
}

// greySession has the client name its recipients to both at once, and counts
// those that one of them answers otherwise than it should.
func (h *policyHost) greySession(t *testing.T, p *policy, v greyVisit, client policyRow) (wrong int) {
	t.Helper()
	var commands strings.Builder
	for n := range greyRecipients {
		fmt.Fprintf(&commands, "RCPT TO:<%s%d@rcpt.test>\r\n", v.rcpt, n)
	}
	ours, theirs := h.dial(t, p.port(0), client), h.dial(t, p.port(1), client)
	ours.send(commands.String())
	theirs.send(commands.String())
	for n := range greyRecipients {
		a, b := ours.take(), theirs.take()
		if a[:3] != v.want || b[:3] != v.want {
			wrong++
			t.Errorf("%s: %s, <%s>, <%s%d>: ours %q, postgrey %q, want %s of both", v.name, client.addr, client.sender, v.rcpt, n, a, b, v.want)
		}
	}
	for _, c := range []*talk{ours, theirs} {
		c.quit()
		c.conn.Close()
	}
	return wrong
}
