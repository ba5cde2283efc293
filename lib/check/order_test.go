package check

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/record"
	"postern/lib/smtp"
)

const zone = `
mx.example.          MX 10 mail.mx.example.
a.example.           A 192.0.2.1
six.example.         AAAA 2001:db8::1
null.example.        MX 0 .
txt.example.         TXT "no mail"
mail.partner.net.    A 192.0.2.7
real.host.net.       A 192.0.2.1
second.net.          MX 10 mail.partner.net.
second.net.          MX 20 mail.ours.test.
named.net.           MX 10 mail.partner.net.
named.net.           MX 20 ours.test.
first.net.           MX 10 ours.test.
first.net.           MX 20 mail.partner.net.
equal.net.           MX 10 mail.partner.net.
equal.net.           MX 10 ours.test.
nated.net.           MX 10 mail.partner.net.
nated.net.           MX 20 nat.ours.test.
mail.ours.test.      A 192.0.2.25
nat.ours.test.       A 198.51.100.25
7.2.0.192.in-addr.arpa. PTR only.reverse.net.
;! servfail broken.net
;! servfail broken.example
`

// newPolicy is a policy with a resolver and whatever the test wants.
func newPolicy(t *testing.T, c Config) *Policy {
	t.Helper()
	r, err := dns.Zone(strings.NewReader(zone), "zone")
	if err != nil {
		t.Fatal(err)
	}
	c.Resolver, c.Own = r, []string{"ours.test"}
	if c.Recipient == nil {
		c.Recipient = func(_ context.Context, m smtp.Mailbox) (Presence, error) {
			if m.Domain == "ours.test" {
				return Local, nil
			}
			return Remote, nil
		}
	}
	return New(Order(c), func(check string, err error) { t.Errorf("%s: %v", check, err) })
}

func client(f Facts) *Facts {
	if !f.Client.IsValid() {
		f.Client = netip.MustParseAddr("192.0.2.7")
	}
	f.Record = new(record.Record)
	return &f
}

func TestSenderDomain(t *testing.T) {
	p := newPolicy(t, Config{SenderDomain: true})
	for sender, want := range map[string]string{
		"a@mx.example": "", "a@a.example": "", "a@six.example": "", "": "", "a@[192.0.2.1]": "", "a@[IPv6:2001:db8::1]": "",
		"a@gone.example":      "550 5.1.8 the sender's domain does not exist",
		"a@txt.example":       "550 5.1.8 the sender's domain does not exist",
		"a@null.example":      "550 5.7.27 the sender's domain takes no mail",
		"a@broken.example":    "",
		"a@in.broken.example": "",
		"x!y@gone.example":    "550 5.1.8 the sender's domain does not exist",
	} {
		f := client(Facts{Sender: mailbox(t, sender)})
		if got := words(p.At(context.Background(), Mail, f)); got != want {
			t.Errorf("%s: got %q, want %q", sender, got, want)
		}
		f.Trusted = true
		if got := words(p.At(context.Background(), Mail, f)); got != "" {
			t.Errorf("%s, trusted: got %q", sender, got)
		}
	}
}

func words(v Verdict) string {
	if v.Action == None {
		return ""
	}
	return v.Reply.String()
}

func TestHeloExists(t *testing.T) {
	p := newPolicy(t, Config{HeloExists: true})
	for helo, ok := range map[string]bool{
		"real.host.net": true, "real.host.net.": true, "host.net": true, "gone.net": false, "broken.net": true,
		"only.reverse.net": true, "[192.0.2.7]": true, "192.0.2.7": false, "localhost": false, "pc.lan": false,
		"x.localdomain": false, "mail.example.com": false, "mail.example.org": false, "a.invalid": false,
	} {
		v := p.At(context.Background(), Helo, client(Facts{Helo: helo}))
		if v.Refused() == ok || v.Refused() && (!v.Auth || !v.Close || v.Check != "helo-exists") {
			t.Errorf("%s: got %+v", helo, v)
		}
	}
}

func TestClasses(t *testing.T) {
	accepted := []smtp.Recipient{{Mailbox: mailbox(t, "bob@ours.test")}}
	unfiltered := func(_ context.Context, m smtp.Mailbox) bool { return m.Local == "all" }
	all := smtp.Recipient{Mailbox: mailbox(t, "all@ours.test")}
	dir := t.TempDir()
	file := filepath.Join(dir, "blocked")
	os.WriteFile(file, []byte("block 192.0.2.1\ndeny 192.0.2.2\ndial 192.0.2.3\ndelay 192.0.2.4\nallow 192.0.2.5\n*block x@gone.example\n"), 0o644)
	lists := NewLists(ListFiles{Blocked: file}, time.Now, func(err error) { t.Error(err) })
	p := newPolicy(t, Config{Lists: lists, Unfiltered: unfiltered, SenderDomain: true})
	for _, tt := range []struct {
		client     string
		trusted    bool
		recipients []smtp.Recipient
		mail       string
	}{
		{"192.0.2.1", false, accepted, "550 5.1.8"},
		{"192.0.2.5", false, accepted, ""}, // allow passes by -r and *block
		{"192.0.2.9", false, accepted, "550 5.1.8"},
		{"192.0.2.1", true, accepted, ""},
	} {
		f := client(Facts{Client: netip.MustParseAddr(tt.client), Trusted: tt.trusted, Sender: mailbox(t, "x@gone.example"), Accepted: tt.recipients})
		if got := words(p.At(context.Background(), Mail, f)); !strings.HasPrefix(got, tt.mail) || tt.mail == "" && got != "" {
			t.Errorf("%s at MAIL: got %q, want %q", tt.client, got, tt.mail)
		}
	}
	for _, tt := range []struct {
		client     string
		recipients []smtp.Recipient
		want       string
		save, hard bool
	}{
		{"192.0.2.1", accepted, "554 5.7.1 mail from you is blocked here", true, false},
		{"192.0.2.1", append(accepted, all), "554 5.7.1 mail from you is blocked here", true, false},
		{"192.0.2.1", []smtp.Recipient{all}, "", false, false},
		{"192.0.2.2", accepted, "554 5.7.1 mail from <x@a.example> is not taken here", false, false},
		{"192.0.2.3", accepted, "554 5.7.1 send through your provider's mail server", false, true},
		{"192.0.2.4", accepted, "450 4.3.0 try again later", true, false},
		{"192.0.2.5", accepted, "", false, false},
		{"192.0.2.6", accepted, "", false, false},
	} {
		f := client(Facts{Client: netip.MustParseAddr(tt.client), Sender: mailbox(t, "x@a.example"), Accepted: tt.recipients})
		p.At(context.Background(), Mail, f)
		v := p.At(context.Background(), Data, f)
		got, _, _ := strings.Cut(words(v), " / ")
		if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" || v.Save != tt.save || v.Hard != tt.hard {
			t.Errorf("%s: got %q save %v hard %v, want %q %v %v", tt.client, got, v.Save, v.Hard, tt.want, tt.save, tt.hard)
		}
	}
}

func TestRecipients(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "names.blocked"), []byte("gone\n"), 0o644)
	os.WriteFile(filepath.Join(dir, "senders"), []byte("list mail.partner.net 198.51.100\nslow x.broken.net\n"), 0o644)
	lists := NewLists(ListFiles{NamesBlocked: dir + "/names.blocked", Senders: dir + "/senders"}, time.Now, func(err error) { t.Error(err) })
	p := newPolicy(t, Config{Lists: lists})
	for _, tt := range []struct{ client, rcpt, want string }{
		{"192.0.2.7", "bob@ours.test", ""},
		{"192.0.2.7", "Gone@ours.test", "550 5.1.1"},
		{"192.0.2.7", "list@ours.test", ""},
		{"198.51.100.9", "list@ours.test", ""},
		{"192.0.2.8", "list@ours.test", "550 5.7.1"},
		{"192.0.2.8", "slow@ours.test", "451 4.4.3"},
		{"192.0.2.8", "gone@theirs.test", "550 5.7.1 no mail is relayed"},
		{"198.51.100.9", "list@theirs.test", "550 5.7.1 no mail is relayed"},
	} {
		f := client(Facts{Client: netip.MustParseAddr(tt.client), Recipient: mailbox(t, tt.rcpt)})
		if got := words(p.At(context.Background(), Rcpt, f)); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s to %s: got %q, want %q", tt.client, tt.rcpt, got, tt.want)
		}
	}
}

// Strangers' mail is taken for a domain that a better exchanger serves, where
// that is wanted, and for no other.
func TestBackupMX(t *testing.T) {
	nat := func(a netip.Addr) bool { return a == netip.MustParseAddr("198.51.100.25") }
	for domain, want := range map[string]string{
		"second.net": "", "named.net": "", "nated.net": "",
		"first.net":    "550 5.7.1 no mail is relayed",
		"equal.net":    "550 5.7.1 no mail is relayed",
		"mx.example":   "550 5.7.1 no mail is relayed",
		"a.example":    "550 5.7.1 no mail is relayed",
		"null.example": "550 5.7.1 no mail is relayed",
		"[192.0.2.25]": "550 5.7.1 no mail is relayed",
		"broken.net":   "451 4.4.3 ",
	} {
		for _, backup := range []bool{true, false} {
			p := newPolicy(t, Config{BackupMX: backup, Address: nat})
			f := client(Facts{Recipient: mailbox(t, "bob@"+domain), Server: netip.MustParseAddr("192.0.2.25")})
			want := want
			if !backup {
				want = "550 5.7.1 no mail is relayed"
			}
			if got := words(p.At(context.Background(), Rcpt, f)); !strings.HasPrefix(got, want) || want == "" && got != "" {
				t.Errorf("%s, BackupMX %v: got %q, want %q", domain, backup, got, want)
			}
		}
	}
}

// A local part that a mailer behind us may take for a route is refused from
// strangers alone.
func TestPercent(t *testing.T) {
	for local, bad := range map[string]bool{"a%b": true, "b!a": true, "a@b": true, "a+b": false} {
		for _, allow := range []bool{false, true} {
			for _, trusted := range []bool{false, true} {
				f := client(Facts{Recipient: smtp.Mailbox{Local: local, Domain: "ours.test"}, Trusted: trusted})
				v := newPolicy(t, Config{AllowPercent: allow}).At(context.Background(), Rcpt, f)
				if v.Refused() != (bad && !allow && !trusted) {
					t.Errorf("%s, allowed %v, trusted %v: got %q", local, allow, trusted, words(v))
				}
			}
		}
	}
}

// A check that is broken has no opinion, or defers where it is closed.
func TestBroken(t *testing.T) {
	for closed, want := range map[bool]string{false: "550 5.0.0 no", true: "451 4.3.0 cannot decide now, try again later"} {
		heard := ""
		p := New([]Check{
			{Name: "first", Stage: Mail, Closed: closed, Ask: func(context.Context, *Facts) (Verdict, error) { return Verdict{}, os.ErrClosed }},
			{Name: "other", Stage: Rcpt, Ask: func(context.Context, *Facts) (Verdict, error) { panic("not of this stage") }},
			{Name: "second", Stage: Mail, Ask: func(context.Context, *Facts) (Verdict, error) {
				return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.NoDetail, "no")}, nil
			}},
		}, func(check string, err error) { heard += check + ": " + err.Error() })
		if got := words(p.At(context.Background(), Mail, client(Facts{}))); got != want || heard != "first: "+os.ErrClosed.Error() {
			t.Errorf("closed %v: got %q, heard %q, want %q", closed, got, heard, want)
		}
	}
}

// script writes a hook.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestValidateAddress(t *testing.T) {
	hook := Hook{Path: script(t, `case "$1" in
first) ;;
*) echo "no argument of the configuration" >&2; exit 64;;
esac
case "$2" in
ok@*) exit 0;;
nouser@*) echo 'nobody of that name' >&2; exit 67;;
old@*) echo 'rejected: unknown' >&2; exit 1;;
one@*) echo 'something broke' >&2; exit 1;;
env@*) test "$RECIPIENT $SENDER" = "$2 x@a.example" || exit 69;;
*) test "$#" = 2 -a "$2" = '"$(x); y"@ours.test';;
esac
`), Args: []string{"first"}}
	p := newPolicy(t, Config{ValidateAddress: hook})
	for rcpt, want := range map[string]string{
		"ok@ours.test": "", "env@ours.test": "", "$(x); y@ours.test": "",
		"nouser@ours.test": "550 5.1.1 nobody of that name",
		"old@ours.test":    "550 5.1.1 unknown",
		"one@ours.test":    "451 4.3.0 ",
		"-rf@ours.test":    "550 5.1.1 ",
		"ok@theirs.test":   "550 5.7.1 no mail is relayed",
	} {
		f := client(Facts{Recipient: mailbox(t, rcpt), Sender: mailbox(t, "x@a.example")})
		v := p.At(context.Background(), Rcpt, f)
		if got := words(v); !strings.HasPrefix(got, want) || want == "" && got != "" || (v.Action == Reject) != strings.HasPrefix(want, "5") {
			t.Errorf("%s: got %q, %v, want %q", rcpt, got, v.Action, want)
		}
	}
}

func TestValidateSender(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	p := newPolicy(t, Config{NetDir: "/net/5", ValidateSender: Hook{Path: script(t, `printf '%s\n' "$*" >> `+log+`
case $4 in
bad) echo 'rejected: spf fail' >&2; exit 1;;
wait) echo 'deferred: dns timeout' >&2; exit 1;;
perm) exit 77;;
kill) kill -9 $$;;
esac
exit 0
`)}})
	two := []smtp.Recipient{{Mailbox: mailbox(t, "a@ours.test")}, {Mailbox: mailbox(t, "b@ours.test")}}
	for _, tt := range []struct {
		sender     string
		trusted    bool
		recipients []smtp.Recipient
		want, args string
	}{
		{"good@a.example", false, two, "", "-n /net/5 a.example good 192.0.2.7 me.example"},
		{"bad@a.example", false, two, "554 5.7.1 spf fail", "-n /net/5 a.example bad 192.0.2.7 me.example"},
		{"bad@a.example", true, two, "", ""},
		{"wait@a.example", false, two, "451 4.3.0 ", "-n /net/5 a.example wait 192.0.2.7 me.example"},
		{"perm@a.example", false, two, "550 5.7.1 ", "-n /net/5 a.example perm 192.0.2.7 me.example"},
		{"kill@a.example", false, two, "451 4.3.0 ", "-n /net/5 a.example kill 192.0.2.7 me.example"},
		{"", false, two[:1], "", "-n /net/5 me.example postmaster 192.0.2.7 me.example"},
		{"", false, two, "554 5.7.1 a bounce has one recipient", ""},
		{"-n@a.example", false, two, "554 5.7.1 ", ""},
	} {
		os.Remove(log)
		f := client(Facts{Sender: mailbox(t, tt.sender), Helo: "me.example", Accepted: tt.recipients, Trusted: tt.trusted})
		if got := words(p.At(context.Background(), Data, f)); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", tt.sender, got, tt.want)
		}
		if args, _ := os.ReadFile(log); strings.TrimSpace(string(args)) != tt.args {
			t.Errorf("%s: the hook got %q, want %q", tt.sender, args, tt.args)
		}
	}
}

// A hook that takes too long leaves the question open.
func TestSlowHook(t *testing.T) {
	p := newPolicy(t, Config{ValidateAddress: Hook{Path: script(t, "sleep 100\n"), Limit: 50 * time.Millisecond}})
	f := client(Facts{Recipient: mailbox(t, "a@ours.test")})
	if got := words(p.At(context.Background(), Rcpt, f)); !strings.HasPrefix(got, "451 4.3.0 ") {
		t.Errorf("got %q", got)
	}
}

// A hook that cannot be started has no opinion, and the log hears of it,
// unless it need not be there.
func TestBrokenHook(t *testing.T) {
	for _, optional := range []bool{false, true} {
		heard := ""
		hook := Hook{Path: "/nonexistent/hook", Optional: optional}
		checks := Order(Config{ValidateAddress: hook, Recipient: func(context.Context, smtp.Mailbox) (Presence, error) { return Local, nil }})
		p := New(checks, func(check string, err error) { heard = check })
		v := p.At(context.Background(), Rcpt, client(Facts{Recipient: mailbox(t, "a@ours.test")}))
		if v.Action != None || (heard == "") != optional {
			t.Errorf("optional %v: got %+v, the log heard of %q", optional, v, heard)
		}
	}
}
