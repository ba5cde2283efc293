package check

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/conf"
	"postern/lib/smtp"
)

const blockedFile = `
# a sample
allow 192.0.2.9
block 192.0.2.0/24, 2001:db8::/32	198.51.100
deny  192.0.2.66
dial  203.0.113.7
relay 203.0.113.8/32   # an old word for delay
block 192.0.2.9        # allow counts more
accept 10.1

*block spam.example, *.bulk.example nobody@free.example
*deny  !mallory free.example!eve *.corp.example!root
*delay win*@lottery.example !promo*
*dial  hop.example
*allow friend@spam.example
*block * ! *! !* *!* @ *@*
bloc 192.0.2.1
block friend@x.example
*block a*b@x.example
`

func TestBlocked(t *testing.T) {
	b, errs := parseBlocked("blocked", []byte(blockedFile))
	clients := map[string]Class{
		"192.0.2.9": Allow, "192.0.2.8": Block, "192.0.2.66": Block, "192.0.3.1": Unlisted, "2001:db8:1::1": Block,
		"198.51.100.200": Block, "203.0.113.7": Dial, "203.0.113.8": Delay, "10.1.200.3": Allow, "10.2.0.1": Unlisted,
	}
	for address, want := range clients {
		if got := b.client(netip.MustParseAddr(address)); got.class != want {
			t.Errorf("client %s: got %v, want %v", address, got.class, want)
		}
	}
	senders := map[string]Class{
		"a@spam.example": Block, "A@SPAM.example": Block, "a@sub.spam.example": Unlisted, "friend@spam.example": Allow,
		"a@bulk.example": Block, "a@deep.in.bulk.example": Block, "a@xbulk.example": Unlisted,
		"nobody@free.example": Block, "eve@free.example": Deny, "eve@other.example": Unlisted,
		"mallory@anywhere.example": Deny, "root@corp.example": Deny, "root@a.corp.example": Deny, "x@corp.example": Unlisted,
		"winner@lottery.example": Delay, "win@lottery.example": Delay, "wi@lottery.example": Unlisted, "promo1@any.example": Delay,
		"hop.example!user@relay.example": Dial, "a!hop.example!user@relay.example": Dial, "a!mallory@x.example": Deny,
		"": Unlisted, "a@[192.0.2.1]": Unlisted,
	}
	for sender, want := range senders {
		if got := b.sender(mailbox(t, sender)); got.class != want {
			t.Errorf("sender %s: got %v, want %v", sender, got.class, want)
		}
	}
	wantErrs := []string{`blocked:16: "*" would match every sender`, `blocked:17: unknown verb "bloc"`, `blocked:18: "friend@x.example" is not a network`, `blocked:19: "a*b@x.example" is no pattern`}
	if len(errs) != len(wantErrs) {
		t.Fatalf("errors: %q", errs)
	}
	for i, want := range wantErrs {
		if !strings.HasPrefix(errs[i].Error(), want) {
			t.Errorf("error %q, want %q", errs[i], want)
		}
	}
	if n := strings.Count(errs[0].Error(), "every sender"); n != 7 {
		t.Errorf("%d of 7 dear mistakes are named: %v", n, errs[0])
	}
}

func mailbox(t testing.TB, s string) smtp.Mailbox {
	t.Helper()
	if s == "" {
		return smtp.Mailbox{}
	}
	local, domain, _ := strings.Cut(s, "@")
	return smtp.Mailbox{Local: local, Domain: domain}
}

func TestBlockedIsBounded(t *testing.T) {
	_, errs := parseBlocked("blocked", []byte(strings.Repeat("bad\n", 10000)))
	if len(errs) > 101 {
		t.Errorf("%d complaints about one file", len(errs))
	}
}

// The cost of a look-up must not grow with the number of entries.
func BenchmarkBlocked(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "block 10.%d.%d.%d\n*block user%d@a.example\n", i>>16, i>>8&255, i&255, i)
		}
		list, _ := parseBlocked("blocked", []byte(text.String()))
		m, a := mailbox(b, "user@some.where.example"), netip.MustParseAddr("192.0.2.1")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				list.client(a)
				list.sender(m)
			}
		})
	}
}

// FuzzBlocked: a file says what counts most of all that its lines say alone.
func FuzzBlocked(f *testing.F) {
	f.Add([]byte(blockedFile), "a!b@c.example", []byte{192, 0, 2, 9})
	f.Add([]byte("*deny !mallory, *.x\n*allow hop.x!m* @y"), "hop.x!mallory@y", []byte{192, 0, 2, 9})
	f.Fuzz(func(t *testing.T, text []byte, sender string, octets []byte) {
		client, ok := netip.AddrFromSlice(octets)
		b, errs := parseBlocked("blocked", text)
		if !ok || len(errs) >= conf.MaxErrors || bytes.ContainsAny(text, "\\'\"\r") || bytes.Contains(text, []byte("\n ")) || bytes.Contains(text, []byte("\n\t")) {
			return // lines that cannot be told apart here
		}
		m := mailbox(t, sender)
		var ofClient, ofSender entry
		for line := range bytes.Lines(text) {
			one, _ := parseBlocked("blocked", line)
			ofClient, ofSender = ofClient.better(one.client(client)), ofSender.better(one.sender(m))
		}
		if got := b.client(client).class; got != ofClient.class {
			t.Errorf("client %s: %v, by its lines %v", client, got, ofClient.class)
		}
		if got := b.sender(m).class; got != ofSender.class {
			t.Errorf("sender %q: %v, by its lines %v", sender, got, ofSender.class)
		}
	})
}

func TestRatify(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for _, name := range []string{
		"trusted/192.0.2.1", "trusted/192.0.2.2#32", "trusted/192.0.2.3#32", "trusted/198.51.100.0#24", "trusted/2001:db8::#64",
		"block/ip/203.0.113.5", "allow/ip/203.0.113.5", "deny/ip/203.0.113.0#24",
		"block/account/spam.example!bob", "deny/account/eve@spam.example", "delay/account/bulk.example",
	} {
		name = filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(name), 0o755)
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old := now.Add(-3 * time.Hour)
	for _, name := range []string{"192.0.2.1", "192.0.2.3#32"} {
		os.Chtimes(filepath.Join(dir, "trusted", name), old, old)
	}
	os.Symlink("/etc/passwd", filepath.Join(dir, "trusted/192.0.2.4"))
	l := NewLists(ListFiles{Ratify: dir}, func() time.Time { return now }, func(err error) { t.Error(err) })
	for address, want := range map[string]bool{
		"192.0.2.1": true, "192.0.2.2": true, "192.0.2.3": false, "192.0.2.4": false, "198.51.100.77": true,
		"2001:db8::77": true, "2001:db8:0:1::1": false, "203.0.113.5": false,
	} {
		if got, err := l.Trusted(netip.MustParseAddr(address)); got != want || err != nil {
			t.Errorf("%s trusted: %v, %v; want %v", address, got, err, want)
		}
	}
	for _, tt := range []struct {
		client, sender string
		want           Class
		from           string
	}{
		{"203.0.113.5", "eve@spam.example", Allow, "allow/ip/203.0.113.5"},
		{"203.0.113.6", "", Deny, "deny/ip/203.0.113.0#24"},
		{"192.0.2.1", "Bob@Spam.example", Block, "block/account/spam.example!bob"},
		{"192.0.2.1", "eve@spam.example", Deny, "deny/account/eve@spam.example"},
		{"192.0.2.1", "x@bulk.example", Delay, "delay/account/bulk.example"},
		{"192.0.2.1", "../../ip/203.0.113.5@x.example", Unlisted, ""},
		{"192.0.2.1", "", Unlisted, ""},
	} {
		got, err := l.find(netip.MustParseAddr(tt.client), mailbox(t, tt.sender))
		if err != nil || got.class != tt.want || tt.from != "" && got.from != filepath.Join(dir, tt.from) {
			t.Errorf("%s %s: got %v from %q, %v; want %v from %q", tt.client, tt.sender, got.class, got.from, err, tt.want, tt.from)
		}
	}
}

func TestFileBesideTree(t *testing.T) {
	dir := t.TempDir()
	os.MkdirAll(filepath.Join(dir, "ratify/delay/ip"), 0o755)
	os.WriteFile(filepath.Join(dir, "ratify/delay/ip/192.0.2.1"), nil, 0o644)
	os.WriteFile(filepath.Join(dir, "blocked"), []byte("\nblock 192.0.2.1\n*allow a@b.example\nbogus"), 0o644)
	var warned []string
	now := time.Now()
	l := NewLists(ListFiles{Ratify: dir + "/ratify", Blocked: dir + "/blocked"}, func() time.Time { return now }, func(err error) { warned = append(warned, err.Error()) })
	for range 2 {
		got, err := l.find(netip.MustParseAddr("192.0.2.1"), mailbox(t, "a@b.example"))
		if got.class != Block || got.from != dir+"/blocked:2" || err != nil {
			t.Errorf("got %v from %q, %v", got.class, got.from, err)
		}
	}
	os.WriteFile(filepath.Join(dir, "blocked"), []byte("allow 192.0.2.1\n"), 0o644)
	now = now.Add(2 * time.Second)
	if got, err := l.find(netip.MustParseAddr("192.0.2.1"), mailbox(t, "")); got.class != Allow || err != nil {
		t.Errorf("a changed file: got %v, %v", got.class, err)
	}
	os.Remove(filepath.Join(dir, "blocked"))
	now = now.Add(2 * time.Second)
	if got, err := l.find(netip.MustParseAddr("192.0.2.1"), mailbox(t, "")); got.class != Delay || err != nil {
		t.Errorf("a removed file: got %v, %v", got.class, err)
	}
	if len(warned) != 1 || !strings.HasPrefix(warned[0], dir+`/blocked:4: unknown verb "bogus"`) {
		t.Errorf("warnings: %q", warned)
	}
}

func TestNames(t *testing.T) {
	set, errs := parseNames("names.blocked", []byte("# gone\nBob@ours.example\nours.example!carol\nabuse\na@b c@d\n"))
	for rcpt, want := range map[string]bool{"bob@OURS.example": true, "carol@ours.example": true, "abuse@any.example": true, "bob@other.example": false} {
		if got := set.has(mailbox(t, rcpt)); got != want {
			t.Errorf("%s: got %v, want %v", rcpt, got, want)
		}
	}
	if len(errs) != 1 || errs[0].Error() != `names.blocked:5: "c@d" is more than one recipient` {
		t.Errorf("errors: %q", errs)
	}
}

func TestSendersFile(t *testing.T) {
	set, errs := parseSenders("senders", []byte("list@ours.example mx.partner.example 192.0.2.0/24\nlist@ours.example 10.1\nnone\nx@y under_/score\n"+
		"many "+strings.Repeat("h.example ", 17)+"\n"))
	h := set.of(mailbox(t, "List@ours.example"))
	if h == nil || len(h.nets) != 2 || len(h.domains) != 1 {
		t.Errorf("got %+v", h)
	}
	if set.of(mailbox(t, "other@ours.example")) != nil {
		t.Error("an unlisted recipient is found")
	}
	want := []string{"senders:3: no host is named", `senders:4: "under_/score" is neither`, "senders:5: more than 16 hosts"}
	for i, err := range errs {
		if i >= len(want) || !strings.HasPrefix(err.Error(), want[i]) {
			t.Errorf("error %v", err)
		}
	}
	if len(errs) != len(want) {
		t.Errorf("%d errors, want %d", len(errs), len(want))
	}
}
