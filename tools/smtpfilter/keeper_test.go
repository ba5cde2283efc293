package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/filter"
)

// noon is when most tests begin.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// A bench is a keeper whose packet filter is a list of words.
type bench struct {
	*keeper
	at    time.Time
	said  []string
	fails error
	log   strings.Builder
}

func newBench(t *testing.T, trusted ...string) *bench {
	b := &bench{at: noon}
	c := &config{program: []string{"/prog"}}
	for _, net := range trusted {
		c.trusted = append(c.trusted, netip.MustParsePrefix(net))
	}
	b.keeper = newKeeper(c, filepath.Join(t.TempDir(), "filter"), &b.log)
	b.now = func() time.Time { return b.at }
	b.do = func(_ context.Context, words ...string) error {
		b.said = append(b.said, strings.Join(words, " "))
		return b.fails
	}
	return b
}

// ask asks for an address to be kept out.
func (b *bench) ask(t *testing.T, addr string, how time.Duration) {
	t.Helper()
	err := filter.Ask(b.dir, filter.Entry{Net: filter.Net(netip.MustParseAddr(addr)), Expires: b.at.Add(how), Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
}

// expect makes a pass at a time, and compares what was said to the packet
// filter.
func (b *bench) expect(t *testing.T, after time.Duration, want ...string) {
	t.Helper()
	b.at = noon.Add(after)
	b.pass(context.Background())
	if !slices.Equal(b.said, want) {
		t.Errorf("after %v it was told %q, want %q", after, b.said, want)
	}
	b.said = nil
}

func (b *bench) left(t *testing.T) (n int) {
	t.Helper()
	list, err := filter.List(b.dir)
	if err != nil {
		t.Error(err)
	}
	return len(list)
}

func TestKeepsOutAndLetsIn(t *testing.T) {
	b := newBench(t)
	b.expect(t, 0, "clear")
	b.expect(t, time.Second/2) // there is no folder yet
	b.ask(t, "192.0.2.1", time.Minute)
	b.ask(t, "2001:db8::7", time.Hour)
	b.expect(t, time.Second, "add 192.0.2.1", "add 2001:db8::/64")
	b.expect(t, 30*time.Second)
	b.ask(t, "192.0.2.1", 2*time.Minute) // for longer
	b.expect(t, 70*time.Second)
	b.expect(t, 30*time.Second+2*time.Minute, "del 192.0.2.1")
	if n := b.left(t); n != 1 {
		t.Errorf("%d files are left, want 1", n)
	}
	b.expect(t, time.Hour, "del 2001:db8::/64")
	if n := b.left(t); n != 0 || len(b.out) != 0 {
		t.Errorf("%d files are left, and %v", n, b.out)
	}
}

// All whose time is over are let in when it is.
func TestLetsInInTime(t *testing.T) {
	b := newBench(t)
	b.ask(t, "192.0.2.1", 20*time.Second)
	b.ask(t, "198.51.100.1", 20*time.Second)
	b.expect(t, 0, "clear", "add 192.0.2.1", "add 198.51.100.1")
	b.expect(t, 19*time.Second)
	b.at = noon.Add(20 * time.Second)
	b.pass(context.Background())
	slices.Sort(b.said)
	if want := []string{"del 192.0.2.1", "del 198.51.100.1"}; !slices.Equal(b.said, want) {
		t.Errorf("it was told %q, want %q", b.said, want)
	}
}

// Whose file somebody removes is let in; what was asked for before it started
// is kept.
func TestByHand(t *testing.T) {
	b := newBench(t)
	b.ask(t, "192.0.2.1", time.Hour)
	b.expect(t, 0, "clear", "add 192.0.2.1")
	if err := os.Remove(filepath.Join(b.dir, "192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	b.expect(t, time.Minute, "del 192.0.2.1")
}

func TestNeverOut(t *testing.T) {
	b := newBench(t, "192.0.2.0/24", "2001:db8:1:2::25/128", "10.0.0.0/8")
	for _, addr := range []string{"192.0.2.1", "2001:db8:1:2::7", "10.1.2.3", "127.0.0.1", "::1", "0.0.0.0", "::"} {
		b.ask(t, addr, time.Hour)
	}
	b.ask(t, "192.0.3.1", time.Hour)
	b.expect(t, 0, "clear", "add 192.0.3.1")
	if n := b.left(t); n != 1 {
		t.Errorf("%d files are left, want 1", n)
	}
	if want := "event=add net=192.0.3.1 reason=test until=2026-11-21T13:00:00Z"; !strings.Contains(b.log.String(), want) {
		t.Errorf("%s is not in the log:\n%s", want, &b.log)
	}
	if n := strings.Count(b.log.String(), "event=trusted"); n != 6 { // :: and ::1 are one /64
		t.Errorf("%d are in the log:\n%s", n, &b.log)
	}
}

// A time that no clock can have meant keeps nobody out.
func TestClock(t *testing.T) {
	b := newBench(t)
	b.ask(t, "192.0.2.1", 10*365*24*time.Hour)
	b.ask(t, "192.0.2.2", -time.Hour)
	b.expect(t, 0, "clear")
	b.ask(t, "192.0.2.3", time.Hour)
	b.expect(t, 2*time.Minute, "add 192.0.2.3")
	b.due = time.Time{} // which is by a clock that is not set
	b.expect(t, -10*24*time.Hour, "del 192.0.2.3")
	b.expect(t, 0)
}

// After a failure nothing is believed of what the packet filter has.
func TestFailure(t *testing.T) {
	b := newBench(t)
	b.expect(t, 0, "clear")
	b.ask(t, "192.0.2.1", time.Hour)
	b.fails = errors.New("no such table")
	b.expect(t, time.Second, "add 192.0.2.1")
	b.expect(t, 2*time.Second)
	b.expect(t, 2*time.Minute, "clear")
	b.fails = nil
	b.expect(t, 4*time.Minute, "clear", "add 192.0.2.1")
	b.fails = errors.New("busy")
	b.expect(t, 2*time.Hour, "del 192.0.2.1")
	b.fails = nil
	b.expect(t, 3*time.Hour, "clear")
	if !strings.Contains(b.log.String(), `error="no such table"`) {
		t.Errorf("log:\n%s", &b.log)
	}
}

// What is damaged in the folder keeps it from nothing.
func TestDamagedFolder(t *testing.T) {
	b := newBench(t)
	b.ask(t, "192.0.2.1", time.Hour)
	damage := func(name string) {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	damage("$(reboot)")
	damage("192.0.2.7")
	b.expect(t, 0, "clear", "add 192.0.2.1")
	for _, want := range []string{"not named by a client's address", "192.0.2.7: \\\"x\\\" is not a time"} {
		if strings.Count(b.log.String(), want) != 1 {
			t.Errorf("%q is not in the log:\n%s", want, &b.log)
		}
	}
	for i := range 100 {
		damage(fmt.Sprintf("x%d", i))
	}
	b.log.Reset()
	b.expect(t, time.Second)
	if lines := strings.Count(b.log.String(), "\n"); lines != mostNamed+1 || !strings.Contains(b.log.String(), "and 92 more") {
		t.Errorf("%d lines in the log:\n%s", lines, &b.log)
	}
}

// Whoever stops it lets everybody in, and it does not start with a program
// that does not work.
func TestServe(t *testing.T) {
	b := newBench(t)
	b.ask(t, "192.0.2.1", time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	do := b.do
	b.do = func(ctx context.Context, words ...string) error {
		if words[0] == "add" {
			cancel()
		}
		return do(ctx, words...)
	}
	if err := b.serve(ctx); err != nil || !slices.Equal(b.said, []string{"clear", "add 192.0.2.1", "clear"}) {
		t.Errorf("serve: %v; it was told %q", err, b.said)
	}
	b.fails = errors.New("not permitted")
	if err := b.serve(context.Background()); !errors.Is(err, b.fails) {
		t.Errorf("serve: %v, want %v", err, b.fails)
	}
}
