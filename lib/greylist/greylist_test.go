package greylist

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// testStore is a store in a folder that does not exist yet.
func testStore(t testing.TB, more ...func(*Config)) *Store {
	t.Helper()
	c := NewConfig()
	c.Dir = filepath.Join(t.TempDir(), "grey")
	for _, f := range more {
		f(&c)
	}
	return Open(c)
}

func query(remote, rcpt string) *Query {
	return &Query{Local: netip.MustParseAddr("192.0.2.25"), Remote: netip.MustParseAddr(remote), Recipient: rcpt}
}

// writeWhite makes the whitelist what a person would write.
func writeWhite(t testing.TB, s *Store, text string) {
	t.Helper()
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Dir+"/"+whiteName, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readWhite(t testing.TB, s *Store) string {
	t.Helper()
	text, err := os.ReadFile(s.Dir + "/" + whiteName)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

// A visit is a client that comes at a time after noon.
type visit struct {
	at     time.Duration
	remote string
	rcpt   string
	want   State
}

// TestRules is the rules of Plan 9's smtpd.
func TestRules(t *testing.T) {
	const a, b, far = "198.51.100.7", "198.51.100.8", "203.0.113.1"
	const bob, eve = "bob@example.org", "eve@example.org"
	tests := []struct {
		name   string
		visits []visit
		white  string // what then stands on the whitelist, without times
	}{
		{"never seen", []visit{{0, a, bob, New}}, ""},
		{"again at once", []visit{{0, a, bob, New}, {0, a, bob, Early}}, ""},
		{"again too early", []visit{{0, a, bob, New}, {299 * time.Second, a, bob, Early}}, ""},
		{"again after some minutes", []visit{{0, a, bob, New}, {300 * time.Second, a, bob, Pass}, {301 * time.Second, a, bob, White}}, a},
		{"the age counts from the first time", []visit{{0, a, bob, New}, {200 * time.Second, a, bob, Early}, {310 * time.Second, a, bob, Pass}}, a},
		{"at the end of the window", []visit{{0, a, bob, New}, {14 * time.Hour, a, bob, Pass}}, a},
		{"too late begins anew", []visit{{0, a, bob, New}, {14*time.Hour + time.Second, a, bob, New}, {14*time.Hour + 302*time.Second, a, bob, Pass}}, a},
		{"another recipient is another entry", []visit{{0, a, bob, New}, {time.Hour, a, eve, New}}, ""},
		{"who passed passes to everybody", []visit{{0, a, bob, New}, {time.Hour, a, bob, Pass}, {time.Hour, a, eve, White}}, a},
		{"a neighbour is another client", []visit{{0, a, bob, New}, {time.Hour, b, bob, New}}, ""},
		{"its neighbours pass with it", []visit{{0, a, bob, New}, {time.Hour, a, bob, Pass}, {time.Hour, b, bob, White}, {time.Hour, far, bob, New}}, a},
		{"case does not count", []visit{{0, a, "Bob@Example.ORG", New}, {time.Hour, a, bob, Pass}}, a},
		{"IPv6 is by /64", []visit{{0, "2001:db8::1", bob, New}, {time.Hour, "2001:db8::2", bob, Pass}, {time.Hour, "2001:db8::ffff", eve, White}, {time.Hour, "2001:db8:0:1::1", bob, New}}, "2001:db8::2"},
		{"a mapped address is IPv4", []visit{{0, "::ffff:198.51.100.7", bob, New}, {time.Hour, a, bob, Pass}}, a},
		{"no address of a recipient is special", []visit{{0, a, "..", New}, {time.Hour, a, "..", Pass}}, a},
		{"a path is a name", []visit{{0, a, "../../../etc/x", New}, {time.Hour, a, "../../../etc/x", Pass}}, a},
		{"the clock is set back", []visit{{0, a, bob, New}, {-24 * time.Hour, a, bob, New}, {-24*time.Hour + 301*time.Second, a, bob, Pass}}, a},
		{"the clock goes three days ahead", []visit{{0, a, bob, New}, {time.Hour, a, bob, Pass}, {72 * time.Hour, a, bob, White}, {72 * time.Hour, a, eve, White}}, a},
		{"three days ahead begins anew", []visit{{0, a, bob, New}, {72 * time.Hour, a, bob, New}, {72*time.Hour + 301*time.Second, a, bob, Pass}}, a},
		{"three days ahead and back", []visit{{72 * time.Hour, a, bob, New}, {0, a, bob, New}, {60 * time.Second, a, bob, Early}, {301 * time.Second, a, bob, Pass}}, a},
		{"the clock was ten years ahead", []visit{{87600 * time.Hour, a, bob, New}, {0, a, bob, New}, {301 * time.Second, a, bob, Pass}}, a},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := testStore(t)
			for i, v := range tt.visits {
				d, err := s.Check(query(v.remote, v.rcpt), noon.Add(v.at))
				if err != nil || d.State != v.want {
					t.Fatalf("visit %d: %v, %v; want %v", i, d.State, err, v.want)
				}
			}
			got, _, _ := strings.Cut(readWhite(t, s), " ")
			if got != tt.white {
				t.Errorf("whitelist %q, want %q", got, tt.white)
			}
		})
	}
}

// TestLayout is where things lie.
func TestLayout(t *testing.T) {
	s := testStore(t)
	for _, rcpt := range []string{"bob@example.org", "a/b@example.org", ".."} {
		if _, err := s.Check(query("198.51.100.7", rcpt), noon); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	err := s.EachStranger(context.Background(), noon, func(g Stranger) { got = append(got, g.Local+" "+g.Remote+" "+g.Recipient) })
	if err != nil || len(got) != 3 {
		t.Fatalf("%q, %v", got, err)
	}
	fi, err := os.Stat(s.Dir + "/tmp/192.0.2.25/198.51.100.7/bob@example.org")
	if err != nil || fi.Size() != 0 || !fi.ModTime().Equal(noon) {
		t.Errorf("entry %v, %v", fi, err)
	}
	for _, g := range got {
		if !strings.HasSuffix(g, " bob@example.org") && !strings.Contains(g, " %") {
			t.Errorf("a name that is not escaped: %q", g)
		}
	}
}

func TestKeys(t *testing.T) {
	pass := func(remote, spf string) *Query {
		q := query(remote, "bob@example.org")
		q.SPF, q.Sender = spf, "ann@"+spf
		return q
	}
	tooLong := strings.Repeat("x.", maxSubject/2) + "y"
	tests := []struct {
		name          string
		config        func(*Config)
		first, second *Query
		want          State
		white         string
	}{
		{"by /24", func(c *Config) { c.ByNet = true }, pass("198.51.100.7", ""), pass("198.51.100.99", ""), Pass, "198.51.100.99"},
		{"by domain", func(c *Config) { c.BySPF = true }, pass("198.51.100.7", "big.example"), pass("203.0.113.1", "big.example"), Pass, "spf:big.example"},
		{"domain not wanted", func(*Config) {}, pass("198.51.100.7", "big.example"), pass("203.0.113.1", "big.example"), New, ""},
		{"other domain", func(c *Config) { c.BySPF = true }, pass("198.51.100.7", "big.example"), pass("198.51.100.7", "other.example"), New, ""},
		{"no domain", func(c *Config) { c.BySPF = true }, pass("198.51.100.7", "<big.example"), pass("198.51.100.7", "<big.example"), Pass, "198.51.100.7"},
		{"no domain at all", func(c *Config) { c.BySPF = true }, pass("198.51.100.7", "big.example>"), pass("198.51.100.7", "big.example>"), Pass, "198.51.100.7"},
		{"too long a domain", func(c *Config) { c.BySPF = true }, pass("198.51.100.7", tooLong), pass("198.51.100.7", tooLong), Pass, "198.51.100.7"},
		{"no pass", func(c *Config) { c.BySPF = true }, pass("198.51.100.7", ""), pass("198.51.100.7", ""), Pass, "198.51.100.7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := testStore(t, tt.config)
			s.Check(tt.first, noon)
			d, err := s.Check(tt.second, noon.Add(time.Hour))
			got, _, _ := strings.Cut(readWhite(t, s), " ")
			if d.State != tt.want || err != nil || got != tt.white {
				t.Errorf("%v, %v, whitelist %q; want %v, %q", d.State, err, got, tt.want, tt.white)
			}
		})
	}
}

// TestLook: looking changes nothing.
func TestLook(t *testing.T) {
	s := testStore(t)
	q := query("198.51.100.7", "bob@example.org")
	if d, err := s.Look(q, noon); d.State != New || err != nil {
		t.Fatal(d, err)
	}
	if _, err := os.Stat(s.Dir); !os.IsNotExist(err) {
		t.Fatalf("the folder was made: %v", err)
	}
	s.Check(q, noon)
	for _, at := range []time.Duration{time.Minute, time.Hour, time.Hour} {
		d, err := s.Look(q, noon.Add(at))
		if want := at >= 5*time.Minute; d.State == Pass != want || err != nil {
			t.Errorf("after %v: %v, %v", at, d.State, err)
		}
	}
	if readWhite(t, s) != "" {
		t.Error("the whitelist was written")
	}
}
