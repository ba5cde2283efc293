package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/filter"
	"postern/lib/smtptest"
	store "postern/lib/state"
)

// rateEffects are those of how much a client may do in all its sessions.
func rateEffects() []effect {
	again := func(talkTo string) func(*testing.T, *instance) {
		return func(t *testing.T, in *instance) { talk(t, in, stranger, talkTo) }
	}
	return []effect{
		{directive: "MaxMsgsPerIP", lines: []string{"MaxMsgsPerIP 1 3"},
			// What is refused for another reason is not counted.
			talk: hi + fromA + rcptBob + "C: RCPT TO:<nobody@mx.test>\nS: 550 *\nC: RCPT TO:<alice@mx.test>\nS: 250 *\n" +
				sendText + "S: 250 *\n" + bye,
			behind: again(hi + fromA + rcptBob + "C: RCPT TO:<alice@mx.test>\nS: 450 4.7.28 *too much load*\n" + sendText + "S: 250 *\n" + bye),
			log:    "verdict=accept"},
		{directive: "MaxErrorsPerIP", lines: []string{"MaxErrorsPerIP 1 2"},
			talk:   hi + "C: RCPT TO:<x>\nS: 503 *\nC: X\nS: 500 *\nC: X\nS: 500 *\n" + wholeMail + bye,
			behind: again("S: 421 4.7.28 *\nS: <end>\n")},
		{directive: "MaxClients", lines: []string{"MaxParallelConnections 2"},
			before: occupied("192.0.2.8:1", "192.0.2.9:1"),
			talk:   "S: 450-*\nS: 450 4.7.0 *to this server (max 2) *\nS: <end>\n", log: "check=MaxClients"},
		{directive: "MaxConPerIP", lines: []string{"MaxSameIpSource 2"},
			before: occupied("192.0.2.7:1", "192.0.2.8:1", "192.0.2.7:2"),
			talk:   "S: 450-*\nS: 450 4.7.0 *from same IP address (max 2) *\nS: <end>\n", log: "check=MaxConPerIP"},
		{directive: "MaxMsgsPerUser", lines: []string{"MaxMsgsPerUser 1 2", "Users $T/users", "AuthPlainClear 1"},
			files: map[string]string{"users": "ann:{PLAIN}secret\n"},
			talk: hi + asAnn + "C: MAIL FROM:<a@mx.test>\nS: 250 *\nC: RCPT TO:<x@other.example>\nS: 250 *\n" + rcptBob +
				"C: RCPT TO:<alice@mx.test>\nS: 450 4.7.28 *\n" + bye,
			behind: func(t *testing.T, in *instance) {
				elsewhere := stranger
				elsewhere.client = netip.MustParseAddrPort("198.51.100.1:1")
				talk(t, in, elsewhere, hi+asAnn+fromA+"C: RCPT TO:<bob@mx.test>\nS: 450 4.7.28 *\n"+bye)
				talk(t, in, elsewhere, hi+wholeMail+bye)
			}},
	}
}

// asAnn logs in.
const asAnn = "C: AUTH PLAIN AGFubgBzZWNyZXQ=\nS: 235 *\n"

// occupied begins sessions of clients that stay.
func occupied(clients ...string) func(*testing.T, *instance) {
	return func(t *testing.T, in *instance) {
		for _, c := range clients {
			p := stranger
			p.client = netip.MustParseAddrPort(c)
			greeting(t, in.dial(t, p), "220 ")
		}
	}
}

// greeting reads the first line of a session.
func greeting(t *testing.T, c net.Conn, want string) {
	t.Helper()
	line := make([]byte, 256)
	n, err := c.Read(line)
	if got := string(line[:n]); err != nil || !strings.HasPrefix(got, want) {
		t.Errorf("the greeting is %q, %v; want %q", got, err, want)
	}
}

// A place is free again when its session is over, and our own listen, callers
// of this host, batches and other ports have no part in the count.
func TestPlaces(t *testing.T) {
	in := newInstance(t, "MaxClients 1", "MaxConPerIP 1")
	for range 3 {
		talk(t, in, stranger, hi+bye)
	}
	greeting(t, in.dial(t, stranger), "220 ")
	stated, otherPort := stranger, stranger
	stated.stated.Set("client_address", "192.0.2.7")
	otherPort.server = netip.MustParseAddrPort("192.0.2.25:587")
	for name, p := range map[string]peer{"listen": stated, "port 587": otherPort, "caller": {local: true}, "submission": hostUser} {
		t.Run(name, func(t *testing.T) {
			greeting(t, in.dial(t, p), "220 ")
			greeting(t, in.dial(t, stranger), "450")
		})
	}
}

// One /64 is one client.
func TestLimitsOfIPv6(t *testing.T) {
	in := newInstance(t, "MaxMsgsPerIP 1 1", "MaxConPerIP 1")
	at := func(addr string) peer {
		return peer{client: netip.AddrPortFrom(netip.MustParseAddr(addr), 1), server: stranger.server}
	}
	talk(t, in, at("2001:db8:1:2::3"), hi+wholeMail+bye)
	talk(t, in, at("2001:db8:1:2:ffff::"), hi+fromA+"C: RCPT TO:<bob@mx.test>\nS: 450 *\n"+bye)
	talk(t, in, at("2001:db8:1:3::3"), hi+wholeMail+bye)
	greeting(t, in.dial(t, at("2001:db8:1:2::3")), "220 ")
	greeting(t, in.dial(t, at("2001:db8:1:2::4")), "450")
	greeting(t, in.dial(t, at("2001:db8:1:3::4")), "220 ")
}

// Who may relay has no limit for his address.
func TestLimitsOfTrusted(t *testing.T) {
	in := newInstance(t, "MaxMsgsPerIP 1 1", "MaxErrorsPerIP 1 1", "SMTPFilter f", "TrustedNet 192.0.2.0/24")
	for range 3 {
		talk(t, in, stranger, hi+"C: X\nS: 500 *\nC: X\nS: 500 *\n"+wholeMail+bye)
	}
	if left, _ := os.ReadDir(filepath.Join(in.conf.places.Lib(), "filter")); len(left) > 0 {
		t.Errorf("it is to be filtered: %v", left)
	}
}

// How many sessions there are at once is counted of everybody, before it is
// known who is in a TrustedDomain.
func TestPlacesOfTrusted(t *testing.T) {
	in := newInstance(t, "MaxConPerIP 1", "TrustedNet 192.0.2.0/24")
	greeting(t, in.dial(t, stranger), "220 ")
	greeting(t, in.dial(t, stranger), "450")
}

// What leaks makes room, and as much as the page says.
func TestRateLeaks(t *testing.T) {
	in := newInstance(t, "MaxMsgsPerIP 3600 3")
	now := time.Now()
	in.now = func() time.Time { return now }
	full := "C: RCPT TO:<bob@mx.test>\nS: 450 *\n"
	talk(t, in, stranger, hi+fromA+rcptBob+rcptBob+rcptBob+full+bye)
	now = now.Add(time.Second)
	talk(t, in, stranger, hi+fromA+rcptBob+full+bye)
	now = now.Add(time.Minute)
	talk(t, in, stranger, hi+fromA+rcptBob+rcptBob+rcptBob+full+bye)
}

// A user who is over his limit leaves his address its room.
func TestRefusedTakesNothing(t *testing.T) {
	in := newInstance(t, "MaxMsgsPerIP 1 2", "MaxMsgsPerUser 1 1", "SASL 1", "Users users", "AuthPlainClear 1")
	write(t, filepath.Join(in.conf.etcDir, "users"), []byte("ann:{PLAIN}secret\n"))
	if err := os.Chmod(filepath.Join(in.conf.etcDir, "users"), 0o600); err != nil {
		t.Fatal(err)
	}
	full := "C: RCPT TO:<bob@mx.test>\nS: 450 *\n"
	talk(t, in, stranger, hi+asAnn+fromA+rcptBob+full+full+full+bye)
	talk(t, in, stranger, hi+fromA+rcptBob+full+bye)
}

// A store that cannot be used lets nobody past a limit, and keeps mail away
// only for a while.
func TestLimitsFailClosed(t *testing.T) {
	for _, c := range []struct{ lines, talk string }{
		{"MaxMsgsPerIP 10", hi + fromA + "C: RCPT TO:<bob@mx.test>\nS: 451 4.3.0 *\n" + bye},
		{"MaxErrorsPerIP 10", "S: 421 4.3.0 *\nS: <end>\n"},
		{"MaxClients 10", "S: 421 4.3.0 *\nS: <end>\n"},
		{"MaxConPerIP 10", "S: 421 4.3.0 *\nS: <end>\n"},
		{"MaxMsgsPerUser 10", hi + wholeMail + bye}, // of nobody
	} {
		in := newInstance(t, c.lines)
		write(t, filepath.Join(in.conf.places.Lib(), "state"), []byte("no folder"))
		talk(t, in, stranger, c.talk)
		name, _, _ := strings.Cut(c.lines, " ")
		if want := "check=" + name; name != "MaxMsgsPerUser" && !strings.Contains(in.log.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, in.log)
		}
	}
}

// Where errors can be looked up and not counted, the first one is the last.
func TestErrorsCannotBeCounted(t *testing.T) {
	in := newInstance(t, "MaxErrorsPerIP 10")
	c := in.dial(t, stranger)
	greeting(t, c, "220 ")
	write(t, filepath.Join(in.conf.places.Lib(), "state"), []byte("no folder"))
	fmt.Fprint(c, "X\r\n")
	greeting(t, c, "500 5.5.1 unknown command\r\n421 4.3.0 ")
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
		t.Errorf("the session goes on: %q, %v", rest, err)
	}
}

// Whoever reaches a limit is to be kept out for as long as it lasts.
func TestAsksForFilter(t *testing.T) {
	in := newInstance(t, "MaxErrorsPerIP 60 2", "MaxConPerIP 1", "SMTPFilter smtp-filter.nft")
	now := time.Now().Truncate(time.Second)
	in.now = func() time.Time { return now }
	talk(t, in, stranger, hi+"C: X\nS: 500 *\nC: X\nS: 500 *\nC: X\nS: 500 *\nC: X\nS: 500 *\n"+bye)
	many := stranger
	many.client = netip.MustParseAddrPort("[2001:db8::9]:1")
	greeting(t, in.dial(t, many), "220 ")
	greeting(t, in.dial(t, many), "450")
	local := stranger
	local.client = netip.MustParseAddrPort("127.0.0.1:1")
	greeting(t, in.dial(t, local), "220 ")
	greeting(t, in.dial(t, local), "450")
	got, err := filter.List(filepath.Join(in.conf.places.Lib(), "filter"))
	want := []filter.Entry{
		{Net: filter.Net(stranger.client.Addr()), Expires: now.Add(time.Minute), Reason: "MaxErrorsPerIP"},
		{Net: filter.Net(many.client.Addr()), Expires: now.Add(time.Minute), Reason: "MaxConPerIP"},
	}
	if err != nil || len(got) != len(want) {
		t.Fatalf("asked for %v, %v; want %v", got, err, want)
	}
	for i := range want {
		if got[i].Net != want[i].Net || got[i].Reason != want[i].Reason || !got[i].Expires.Equal(want[i].Expires) {
			t.Errorf("asked for %v; want %v", got[i], want[i])
		}
	}
}

// A session asks once, and a later one that is turned away asks again.
func TestAsksForFilterAgain(t *testing.T) {
	in := newInstance(t, "MaxErrorsPerIP 1 1", "SMTPFilter smtp-filter.nft")
	asked := func() bool {
		dir := filepath.Join(in.conf.places.Lib(), "filter")
		list, err := filter.List(dir)
		if err != nil || os.RemoveAll(dir) != nil {
			t.Fatal(err)
		}
		return len(list) == 1
	}
	c := in.dial(t, stranger)
	greeting(t, c, "220 ")
	for _, want := range []bool{false, true, false} {
		fmt.Fprint(c, "X\r\n")
		greeting(t, c, "500 ")
		if got := asked(); got != want {
			t.Errorf("it asks: %v, want %v", got, want)
		}
	}
	talk(t, in, stranger, "S: 421 4.7.28 *\nS: <end>\n")
	if !asked() {
		t.Error("the next session does not ask")
	}
}

// A client of a trusted domain is known as one before it is turned away.
func TestLimitsOfTrustedDomain(t *testing.T) {
	f := new(flags)
	f.zone = filepath.Join(t.TempDir(), "zone")
	write(t, f.zone, []byte("7.2.0.192.in-addr.arpa. PTR mail.friend.example.\nmail.friend.example. A 192.0.2.7\n"))
	in := newInstanceOf(t, f, "MaxErrorsPerIP 1 1", "TrustedDomain friend.example", "SMTPFilter x")
	r := in.store.Rate("errors:"+store.AddrKey(stranger.client.Addr()), 1, 1)
	if ok, _, err := r.Take(t.Context(), 1, time.Now()); !ok || err != nil {
		t.Fatal(ok, err)
	}
	talk(t, in, stranger, hi+bye)
	if _, err := os.Stat(filepath.Join(in.conf.places.Lib(), "filter")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is to be filtered: %v", err)
	}
}

// Who has shown a certificate that is verified is its common name.
func TestUserOfCertificate(t *testing.T) {
	ours, theirs := smtptest.NewAuthority(t, "ours"), smtptest.NewAuthority(t, "theirs")
	good, foreign := ours.Client("Client One"), theirs.Client("Client One")
	w := newTLSWorld(t, "SSL 2", "MaxMsgsPerUser 1 1")
	w.etc(t, "cacert.pem", ours.PEM())
	talkTLS(t, w.instance, stranger, tlsClient(&good), relayTry("250"))
	talkTLS(t, w.instance, stranger, tlsClient(&good), relayTry("450"))
	talkTLS(t, w.instance, stranger, tlsClient(&foreign), relayTry("550")) // it is nobody's
	if ok, _, err := w.store.Rate("user:client one", 1, 1).Peek(t.Context(), 1, time.Now()); ok || err != nil {
		t.Errorf("the bucket of the user has room: %v, %v", ok, err)
	}
}

// The error that ends a session is counted as those before it.
func TestLastErrorCounts(t *testing.T) {
	in := newInstance(t, "MaxErrorsPerIP 1 2", "MaxErrors 2")
	talk(t, in, stranger, hi+"C: X\nS: 500 *\nC: X\nS: 500 *\nS: 421 *\nS: <end>\n")
	talk(t, in, stranger, "S: 421 4.7.28 *\nS: <end>\n")
}

// A client that names more recipients than are taken, all of them before it
// hears of the first that is not, sends the message to those that were; a client
// that goes on and on is sent away.
func TestRecipientsBeyondALimit(t *testing.T) {
	rcpt := "C: RCPT TO:<alice@mx.test>\n"
	for _, c := range []struct{ limit, reply string }{
		{"MaxRcpts 1", "S: 452 4.5.3 *\n"},
		{"MaxMsgsPerIP 1 1", "S: 450 4.7.28 *\n"},
	} {
		in := newInstance(t, c.limit, "MaxErrors 2", "MaxErrorsPerIP 1 2")
		talk(t, in, stranger, hi+fromA+rcptBob+strings.Repeat(rcpt+c.reply, 10)+sendText+"S: 250 *\n"+bye)
		talk(t, in, stranger, "S: 421 4.7.28 *\nS: <end>\n") // to MaxErrorsPerIP they count
		in = newInstance(t, c.limit, "MaxErrors 2")
		talk(t, in, stranger, hi+fromA+rcptBob+strings.Repeat(rcpt+c.reply, overshoot+2)+"S: 421 *\nS: <end>\n")
	}
	in := newInstance(t, "MaxRcpts 1", "MaxErrors 2")
	talk(t, in, stranger, hi+strings.Repeat(fromA+rcptBob+strings.Repeat(rcpt+"S: 452 4.5.3 *\n", overshoot*2/3)+sendText+"S: 250 *\n", 3)+bye)
}

// askedAbout is a DNS that notes about whom it is asked, and knows nobody.
type askedAbout struct {
	dns.Resolver
	clients chan netip.Addr
}

func (r askedAbout) LookupPTR(_ context.Context, a netip.Addr) ([]string, error) {
	r.clients <- a
	return nil, nil
}

// Nothing is asked of DNS about a client that is turned away.
func TestTurnedAwayUnasked(t *testing.T) {
	in := newInstance(t, "MaxConPerIP 1", "ClientName 1")
	r := askedAbout{clients: make(chan netip.Addr, 10)}
	in.conf.dns = r
	greeting(t, in.dial(t, stranger), "220 ")
	<-r.clients
	c := in.dial(t, stranger)
	greeting(t, c, "450")
	io.Copy(io.Discard, c) // to the end of the session
	if len(r.clients) > 0 {
		t.Error("somebody was asked")
	}
}
