package main

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/place"
)

// An instance is a private root with a mailbox for bob, and a server on it.
type instance struct {
	*server
	root string
	log  *e2e.Log
}

// newInstance makes an instance whose smtpd.conf has these lines besides the
// host name.
func newInstance(t testing.TB, lines ...string) *instance {
	t.Helper()
	return newInstanceOf(t, new(flags), lines...)
}

// newInstanceOf makes an instance with a command line.
func newInstanceOf(t testing.TB, f *flags, lines ...string) *instance {
	t.Helper()
	in := &instance{root: t.TempDir(), log: new(e2e.Log)}
	places := place.New(in.root)
	dirs := []string{places.Etc(), places.Spool()}
	for _, user := range []string{"bob", "alice", "postmaster"} {
		for _, sub := range []string{"new", "cur", "tmp"} {
			dirs = append(dirs, filepath.Join(places.Mail(), user, sub))
		}
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, usual := range []string{"Hostname mx.test", "ClientName 0", "SPF 0"} {
		name, _, _ := strings.Cut(usual, " ")
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+" ") }) {
			lines = append(lines, usual)
		}
	}
	file := filepath.Join(places.Etc(), "smtpd.conf")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := loadConfig(f, places)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	in.server = newServer(c, in.log)
	return in
}

// stranger is a client that is not trusted.
var stranger = peer{
	client: netip.MustParseAddrPort("192.0.2.7:4242"),
	server: netip.MustParseAddrPort("192.0.2.25:25"),
}

// dial begins a session as p and returns the client's end. The session is
// over when the test is.
func (in *instance) dial(t *testing.T, p peer) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		in.serve(server, p)
	}()
	t.Cleanup(func() {
		client.Close()
		<-done
	})
	client.SetDeadline(time.Now().Add(20 * time.Second))
	return client
}

// mailbox is the messages in a user's Maildir.
func (in *instance) mailbox(t *testing.T, user string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(place.New(in.root).Mail(), user, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
	return list
}
