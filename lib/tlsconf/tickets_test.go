package tlsconf

import (
	"bytes"
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/smtptest"
)

func TestTicketKeysRotate(t *testing.T) {
	file := &TicketKeys{Path: filepath.Join(t.TempDir(), "tickets"), Life: 4 * time.Hour}
	start := time.Now().Truncate(time.Second)
	first := load(t, file, start)
	if info, err := os.Stat(file.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file is %v, %v", info, err)
	}
	steps := []struct {
		at      time.Duration
		keys    int
		rotated bool
		old     bool // the first key is still there
	}{
		{59 * time.Minute, 1, false, true},
		{61 * time.Minute, 2, true, true},
		{62 * time.Minute, 2, false, true},
		{3 * time.Hour, 3, true, true},
		{4*time.Hour + time.Second, 3, true, false},
		{100 * time.Hour, 1, true, false},
	}
	before := first
	for _, step := range steps {
		keys := load(t, file, start.Add(step.at))
		rotated := keys[0] != before[0]
		old := keys[len(keys)-1] == first[0]
		if len(keys) != step.keys || rotated != step.rotated || old != step.old {
			t.Errorf("after %v: %d keys, rotated %v, first one there %v; want %d, %v, %v", step.at, len(keys), rotated, old, step.keys, step.rotated, step.old)
		}
		before = keys
	}
}

// load loads keys, of which there must be some.
func load(t *testing.T, file *TicketKeys, now time.Time) [][32]byte {
	t.Helper()
	keys, err := file.Load(now)
	if err != nil || len(keys) == 0 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	return keys
}

// TestTicketKeysHeir: what a server that is started as root makes or renews, those
// that run as its user afterwards can read.
func TestTicketKeysHeir(t *testing.T) {
	dir := e2e.ForeignDir(t)
	file := &TicketKeys{Path: filepath.Join(dir, "tickets"), Life: time.Hour}
	now := time.Now()
	for _, at := range []time.Time{now, now.Add(time.Hour)} {
		load(t, file, at)
		if n := e2e.GivenAway(t, dir); n != 2 {
			t.Errorf("%d files, want the folder and one in it", n)
		}
	}
}

// Clocks that were ahead leave no keys that live for ever.
func TestTicketKeysOfTheFuture(t *testing.T) {
	file := &TicketKeys{Path: filepath.Join(t.TempDir(), "tickets"), Life: time.Hour}
	ahead := load(t, file, time.Now().Add(100*time.Hour))
	if keys := load(t, file, time.Now()); len(keys) != 1 || keys[0] == ahead[0] {
		t.Errorf("%d keys, the first is that of the future: %v", len(keys), keys[0] == ahead[0])
	}
}

// However many processes find the file missing or old, they end up with one
// key that encrypts.
func TestTicketKeysAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tickets")
	for _, now := range []time.Time{time.Now(), time.Now().Add(20 * time.Minute)} {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				file := &TicketKeys{Path: path, Life: time.Hour}
				if keys, err := file.Load(now); err != nil || len(keys) == 0 {
					t.Errorf("%d keys, %v", len(keys), err)
				}
			})
		}
		all.Wait()
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Count(text, []byte("\n")) != 2 {
		t.Errorf("the file is %q, %v", text, err)
	}
}

func TestTicketFileFaults(t *testing.T) {
	dir := t.TempDir()
	damaged, open, link := filepath.Join(dir, "damaged"), filepath.Join(dir, "open"), filepath.Join(dir, "link")
	write(t, damaged, []byte("1 2 3\nx\n\x00"))
	write(t, open, formatTickets([]ticketKey{newTicketKey(time.Now())}))
	os.Chmod(open, 0o640)
	os.Symlink(damaged, link)
	tests := []struct{ path, want string }{
		{damaged, ""}, // made anew
		{open, "others may read it"},
		{link, "too many levels"},
		{dir, "not a regular file"},
		{filepath.Join(dir, "none", "tickets"), "no such file"},
	}
	for _, test := range tests {
		keys, err := (&TicketKeys{Path: test.path, Life: time.Hour}).Load(time.Now())
		wantVerdict(t, test.path, err, test.want)
		if (len(keys) > 0) != (test.want == "") {
			t.Errorf("%s: %d keys", test.path, len(keys))
		}
	}
	optional := &TicketKeys{Path: filepath.Join(dir, "none", "tickets"), Life: time.Hour, Optional: true}
	if keys, err := optional.Load(time.Now()); len(keys) > 0 || err != nil {
		t.Errorf("optional: %d keys, %v", len(keys), err)
	}
	cert, key := writePair(t, dir, "mx.example", time.Now())
	o := one(cert, key)
	o.Tickets = &TicketKeys{Path: open, Life: time.Hour}
	config, err := Server(o).Config(time.Now())
	if config == nil || !config.SessionTicketsDisabled || err == nil {
		t.Errorf("a bad ticket file: got %v, %v; want TLS without tickets, and the error", config, err)
	}
}

// resume makes one handshake and says whether it went on from an earlier one.
// The client reads on until it has its ticket.
func resume(t *testing.T, server, client *tls.Config) bool {
	t.Helper()
	a, b := smtptest.Pair(t)
	done := make(chan error, 1)
	go func() {
		c := tls.Server(b, server)
		_, err := c.Write([]byte("x"))
		done <- err
	}()
	c := tls.Client(a, client)
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	a.Close()
	b.Close()
	return c.ConnectionState().DidResume
}

// Two servers that share a file, as two processes do, resume each other's
// sessions, also across the making of a new key; after the life of a ticket
// none does.
func TestServersResumeEachOthersSessions(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		dir := t.TempDir()
		cert, key := writePair(t, dir, "mx.example", time.Now())
		now := time.Now()
		server := func(later time.Duration) *tls.Config {
			o := one(cert, key)
			o.Tickets = &TicketKeys{Path: filepath.Join(dir, "tickets"), Life: time.Hour}
			config, err := Server(o).Config(now.Add(later))
			if err != nil {
				t.Fatal(err)
			}
			return config
		}
		client := Policy{ServerName: "mx.example"}.Config()
		client.MaxVersion = version
		client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		for i, step := range []struct {
			later time.Duration
			want  bool
		}{{0, false}, {0, true}, {30 * time.Minute, true}, {3 * time.Hour, false}} {
			if got := resume(t, server(step.later), client); got != step.want {
				t.Errorf("%s, handshake %d: resumed %v, want %v", tls.VersionName(version), i, got, step.want)
			}
		}
	}
}

func FuzzParseTickets(f *testing.F) {
	f.Add([]byte("1795228800 " + strings.Repeat("0a", 32) + "\n"))
	f.Add([]byte("-1 \n\n x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys := parseTickets(text)
		again := parseTickets(formatTickets(keys))
		if len(again) != len(keys) {
			t.Fatalf("%d keys, then %d", len(keys), len(again))
		}
		for i := range keys {
			if again[i] != keys[i] {
				t.Errorf("key %d: %v, then %v", i, keys[i], again[i])
			}
		}
	})
}
