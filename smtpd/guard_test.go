package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/place"
	"postern/lib/smtptest"
)

// withFlags has the instance's server made anew, with options of the command
// line.
func (in *instance) withFlags(t *testing.T, args ...string) *instance {
	t.Helper()
	f := new(flags)
	if err := f.parse(args); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := loadConfig(f, in.conf.places)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	in.server = newServer(c, in.log)
	return in
}

// from is a client of that address.
func from(address string) peer {
	return peer{client: netip.AddrPortFrom(netip.MustParseAddr(address), 4242), server: stranger.server}
}

// Each flag of upas's has a directive, in both dialects that know it.
func TestFlagsAndDirectives(t *testing.T) {
	for _, tt := range []struct {
		flag, native, plan9 string
		get                 func(*config) any
		want                any
	}{
		{"-D", "HeloDelay 15", "", func(c *config) any { return c.guard.heloDelay }, 15 * time.Second},
		{"-E", "DemandAuth 1", "demandauth on", func(c *config) any { return c.guard.demandAuth }, true},
		{"-e", "HeloExists 0", "ckhello off", func(c *config) any { return c.heloExists }, false},
		{"-f", "TagForged 1", "norelay on", func(c *config) any { return c.guard.tagForged }, true},
		{"-q", "QuietHelo 1", "quiethelo on", func(c *config) any { return c.guard.quietHelo }, true},
		{"-r", "VerifySender 1", "verifysenderdom on", func(c *config) any { return c.guard.senderDomain }, true},
		{"-s", "SaveBlocked 1", "saveblockedmsg on", func(c *config) any { return c.guard.saveBlocked }, true},
		{"-k192.0.2.0/24", "DropNets 192.0.2.0/24", "dropnets 192.0.2", func(c *config) any { return fmt.Sprint(c.guard.drop) }, "[192.0.2.0/24]"},
		{"-hmx.example", "Hostname mx.example", "defaultdomain mx.example", func(c *config) any { return c.mail.Hostname }, "mx.example"},
		{"", "TrustedNet 10.1.0.0/16", "ournets 10.1", func(c *config) any { return fmt.Sprint(c.trusted) }, "[10.1.0.0/16]"},
		{"", "Domains a.example *.b.example", "ourdomains a.example,*.b.example", func(c *config) any { return fmt.Sprint(c.mail.Domains) }, "[a.example *.b.example]"},
	} {
		for _, way := range []struct{ flag, text string }{
			{tt.flag, ""}, {"", tt.native}, {"", "#dialect plan9\n" + tt.plan9},
		} {
			if way.flag == "" && strings.TrimSuffix(way.text, "\n") == "#dialect plan9" || way == (struct{ flag, text string }{}) {
				continue
			}
			places := place.New(t.TempDir())
			os.MkdirAll(places.Etc(), 0o755)
			write(t, filepath.Join(places.Etc(), "smtpd.conf"), []byte(way.text+"\n"))
			f := new(flags)
			if way.flag != "" {
				if err := f.parse([]string{way.flag}); err != nil {
					t.Fatal(err)
				}
			}
			c, warnings, err := loadConfig(f, places)
			if err != nil || len(warnings) > 0 {
				t.Errorf("%+v: %v, %v", way, err, warnings)
			}
			if got := tt.get(c); got != tt.want {
				t.Errorf("%+v: got %v, want %v", way, got, tt.want)
			}
		}
	}
}

// The lists of a Plan 9 host are at their places without being named; those
// of others have to be named, so that nothing is looked for in vain.
func TestUsualPlaces(t *testing.T) {
	for dialect, want := range map[string]string{
		"native": "[   ]",
		"plan9":  "[/etc/postern/blocked /etc/postern/names.blocked /etc/postern/senders /var/lib/postern/ratify validateaddress validatesender]",
	} {
		places := place.New(t.TempDir())
		os.MkdirAll(places.Etc(), 0o755)
		write(t, filepath.Join(places.Etc(), "smtpd.conf"), []byte("#dialect "+dialect+"\n"))
		c, _, err := loadConfig(new(flags), places)
		l := c.guard.lists
		got := append([]string{l.Blocked, l.NamesBlocked, l.Senders, l.Ratify}, append(c.guard.validateAddress, c.guard.validateSender...)...)
		if text := strings.ReplaceAll(fmt.Sprint(got), places.Root(), ""); err != nil || text != want {
			t.Errorf("%s: got %s, %v; want %s", dialect, text, err, want)
		}
	}
	if h := (&config{etcDir: "/etc/postern"}).hook([]string{"validateaddress", "-x"}); h.Path != "/etc/postern/validateaddress" || !h.Optional || !slices.Equal(h.Args, []string{"-x"}) {
		t.Errorf("got %+v", h)
	}
	if h := (&config{etcDir: "/etc/postern"}).hook([]string{"/usr/lib/check"}); h.Path != "/usr/lib/check" || h.Optional {
		t.Errorf("got %+v", h)
	}
}

func TestSlowNets(t *testing.T) {
	for word, want := range map[string]string{
		"58": "[58.0.0.0/8]", "76-78": "[76.0.0.0/8 77.0.0.0/8 78.0.0.0/8]", "192.0.2": "[192.0.2.0/24]", "2001:db8::/32": "[2001:db8::/32]",
		"256": "error", "9-8": "error", "x": "error", "": "error", "-": "error",
	} {
		got, err := parseSlow(word)
		if text := fmt.Sprint(got); err == nil && text != want || err != nil && want != "error" {
			t.Errorf("%q: got %s, %v; want %s", word, text, err, want)
		}
	}
}

// -D: how long the answer to HELO takes, for whom.
func TestHeloDelay(t *testing.T) {
	const short, long = 15 * time.Second, time.Minute
	for _, tt := range []struct {
		peer  peer
		lines []string
		want  []time.Duration
	}{
		{stranger, nil, []time.Duration{short}},
		{from("57.0.0.1"), nil, []time.Duration{short}},
		{from("58.0.0.1"), nil, []time.Duration{long}},
		{from("66.1.2.3"), nil, []time.Duration{long}},
		{from("75.1.2.3"), nil, []time.Duration{short}},
		{from("76.1.2.3"), nil, []time.Duration{long}},
		{from("89.1.2.3"), nil, []time.Duration{long}},
		{from("90.1.2.3"), nil, []time.Duration{short}},
		{from("190.1.2.3"), nil, []time.Duration{long}},
		{from("201.1.2.3"), nil, []time.Duration{long}},
		{from("217.1.2.3"), nil, []time.Duration{long}},
		{from("2001:db8::1"), nil, []time.Duration{short}},
		{from("90.1.2.3"), []string{"SlowNets 90"}, []time.Duration{long}},
		{from("58.1.2.3"), []string{"SlowNets 90"}, []time.Duration{short}},
		{from("58.1.2.3"), []string{"LongDelay 2m"}, []time.Duration{2 * time.Minute}},
		{stranger, []string{"HeloDelay 3"}, []time.Duration{3 * time.Second}},
		{stranger, []string{"TrustedNet 192.0.2.7"}, nil},
		{peer{}, nil, nil},
	} {
		in := newInstance(t, tt.lines...).withFlags(t, "-D")
		var got []time.Duration
		in.sleep = func(_ *session, d time.Duration) bool { got = append(got, d); return true }
		talk(t, in, tt.peer, "S: 220 *\nC: EHLO client.example\nS: 250-...\nS: 250 HELP\nC: EHLO client.example\nS: 250-...\nS: 250 HELP\nC: QUIT\nS: 221 *\n")
		if !slices.Equal(got, tt.want) {
			t.Errorf("%v %v: waited %v, want %v", tt.peer.client, tt.lines, got, tt.want)
		}
	}
}

func TestNoDelayByDefault(t *testing.T) {
	in := newInstance(t)
	in.sleep = func(*session, time.Duration) bool { t.Error("a client had to wait"); return true }
	talk(t, in, from("58.1.2.3"), oneMail)
}

// A liar waits too, before it hears that it is refused.
func TestLiarWaits(t *testing.T) {
	in := newInstance(t).withFlags(t, "-D")
	waited := 0
	in.sleep = func(*session, time.Duration) bool { waited++; return true }
	talk(t, in, stranger, "S: 220 *\nC: HELO mx.test\nS: 554 5.7.1 *\nS: <end>\n")
	if waited != 1 {
		t.Errorf("waited %d times, want once", waited)
	}
}

// What comes during the wait is answered behind it, in order.
func TestTalkDuringDelay(t *testing.T) {
	in := newInstance(t, "HeloDelay 200ms")
	start := time.Now()
	talk(t, in, stranger, "S: 220 *\nC: HELO client.example\nC: NOOP\nC: QUIT\nS: 250 *\nS: 250 *\nS: 221 *\nS: <end>\n")
	if d := time.Since(start); d < 200*time.Millisecond {
		t.Errorf("the answer came within %v", d)
	}
}

// A client that hangs up while it waits does not keep us.
func TestDelayEndsWithClient(t *testing.T) {
	in := newInstance(t, "HeloDelay 1h")
	client, server := smtptest.Pair(t)
	done := make(chan struct{})
	go func() { in.serve(server, stranger); close(done) }()
	io.WriteString(client, "HELO client.example\r\n")
	time.Sleep(50 * time.Millisecond)
	client.Close()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the session goes on without its client")
	}
}

// The wait is the same on a bare socket and under TLS, and what comes behind
// it is understood.
func TestDelayOnSocket(t *testing.T) {
	in := newAuthInstance(t, "HeloDelay 150ms")
	for _, secure := range []bool{false, true} {
		in.conf.flags.tlsFirst = secure
		client, server := smtptest.Pair(t)
		file, err := server.(*net.TCPConn).File()
		if err != nil {
			t.Fatal(err)
		}
		server.Close()
		done := make(chan struct{})
		go func() { in.serve(stdConn(file, file), stranger); close(done) }()
		if secure {
			client = tls.Client(client, &tls.Config{InsecureSkipVerify: true})
		}
		start := time.Now()
		io.WriteString(client, "HELO client.example\r\nNOOP\r\nQUIT\r\n")
		client.SetDeadline(time.Now().Add(10 * time.Second))
		text, err := io.ReadAll(client)
		if d := time.Since(start); err != nil || strings.Count(string(text), "\r\n") != 4 || !strings.Contains(string(text), "221 ") || d < 150*time.Millisecond {
			t.Errorf("TLS %v: got %q, %v within %v", secure, text, err, d)
		}
		<-done
	}
}

// -E: a lie is forgiven who authenticates.
func TestDemandAuth(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear 1").withFlags(t, "-E")
	talk(t, in, stranger, `S: 220 *
C: EHLO mx.test
S: 250-mx.test wants you to authenticate
S: 250-...
S: 250 HELP
C: MAIL FROM:<a@client.example>
S: 530 5.7.0 *
C: AUTH PLAIN AGFubgBzZWNyZXQ=
S: 235 *
C: MAIL FROM:<a@client.example>
S: 250 *
C: EHLO client.example
S: 250-mx.test
S: 250-...
S: 250 HELP
C: QUIT
S: 221 *
`)
}

// -q: who is refused at HELO leaves no line in the log; others do.
func TestQuietHelo(t *testing.T) {
	in := newInstance(t).withFlags(t, "-q")
	talk(t, in, stranger, "S: 220 *\nC: HELO mx.test\nS: 554 5.7.1 *\nS: <end>\n")
	if log := in.log.String(); log != "" {
		t.Errorf("the log has %s", log)
	}
	talk(t, in, stranger, oneMail)
	if got := decisions(t, in); len(got) != 2 || got[1].Value("helo_name") != "client.example" {
		t.Errorf("the log has %s", in.log)
	}
}

// -k: not a word.
func TestDropped(t *testing.T) {
	in := newInstance(t).withFlags(t, "-k", "192.0.2.0/28", "-k", "2001:db8::/32", "-k198.51.100")
	for address, want := range map[string]bool{"192.0.2.7": true, "192.0.2.16": false, "2001:db8:7::1": true, "198.51.100.200": true, "203.0.113.1": false} {
		if got := in.drops(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s dropped: %v, want %v", address, got, want)
		}
	}
	t.Setenv(place.RootEnv, in.root)
	for address, want := range map[string]string{"192.0.2.7": "", "203.0.113.1": "220 mx.test "} {
		t.Setenv("TCPREMOTEIP", address)
		var out, errs strings.Builder
		status := run([]string{"-k", "192.0.2.0/28"}, strings.NewReader("QUIT\r\n"), &out, &errs)
		if status != 0 || !strings.HasPrefix(out.String(), want) || want == "" && out.Len()+errs.Len() > 0 {
			t.Errorf("%s: exit status %d, says %q and %q, want %q", address, status, out.String(), errs.String(), want)
		}
	}
	var errs strings.Builder
	if status := run([]string{"-k", "nonsense"}, strings.NewReader(""), io.Discard, &errs); status == 0 {
		t.Error("-k nonsense is taken")
	}
}

// -r on the wire.
func TestVerifySender(t *testing.T) {
	zone := filepath.Join(t.TempDir(), "zone")
	write(t, zone, []byte("client.example. MX 10 mx.client.example.\nnull.example. MX 0 .\n;! servfail broken.example\n"))
	in := newInstance(t).withFlags(t, "-r", "-z", zone)
	talk(t, in, stranger, `S: 220 *
C: HELO client.example
S: 250 *
C: MAIL FROM:<a@gone.example>
S: 550 5.1.8 *
C: MAIL FROM:<a@null.example>
S: 550 5.7.27 *
C: MAIL FROM:<a@broken.example>
S: 250 *
C: RSET
S: 250 *
C: MAIL FROM:<>
S: 250 *
C: RSET
S: 250 *
C: MAIL FROM:<a@[192.0.2.7]>
S: 250 *
C: RSET
S: 250 *
C: MAIL FROM:<a@client.example>
S: 250 *
C: QUIT
S: 221 *
`)
	if got := decisions(t, in); got[0].Value("check") != "sender-domain" || got[0].Value("sender") != "a@gone.example" {
		t.Errorf("the log has %s", in.log)
	}
}

// A whole smtpd.conf of Plan 9 is read as it is.
func TestPlan9Configuration(t *testing.T) {
	const text = `#dialect plan9
# sample
defaultdomain	Mx.Example
norelay		on	# disable relaying
verifysenderdom	on
saveblockedmsg	off
ournets		10.0.0.0/8, 192.168 2001:db8::/32
ourdomains	*.example.org,
ourdomains	other.example
frobnicate	yes
`
	root := t.TempDir()
	t.Setenv(place.RootEnv, root)
	name := filepath.Join(place.New(root).Etc(), "smtpd.conf")
	os.MkdirAll(filepath.Dir(name), 0o755)
	write(t, name, []byte(text))
	var out, errs strings.Builder
	if status := run([]string{"--check"}, strings.NewReader(""), &out, &errs); status != 0 {
		t.Errorf("exit status %d, says %s", status, errs.String())
	}
	if want := "smtpd: " + name + `:10: unknown directive "frobnicate" (ignored)`; !strings.Contains(errs.String(), want) {
		t.Errorf("says %q, want %q", errs.String(), want)
	}
	for _, want := range []string{
		"Hostname mx.example # " + name + ":3", "TagForged on # ", "VerifySender on # ", "SaveBlocked off # ",
		"TrustedNet 10.0.0.0/8 192.168.0.0/16 2001:db8::/32 # ", "Domains *.example.org other.example # ", "HeloExists on # ",
		"Blocked " + root + "/etc/postern/blocked # ", "Ratify " + root + "/var/lib/postern/ratify # ", "ValidateSender validatesender # ",
	} {
		found := false
		for line := range strings.Lines(out.String()) {
			found = found || strings.HasPrefix(strings.Join(strings.Fields(line), " "), want)
		}
		if !found {
			t.Errorf("no line %q in\n%s", want, out.String())
		}
	}
}
