package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/lib/queue"
	"postern/lib/smtp"
)

// send commits a message for these recipients, all of them other hosts'.
func (b *bench) send(t *testing.T, addresses ...string) string {
	t.Helper()
	env := &smtp.Envelope{Sender: smtp.Mailbox{Local: "sender", Domain: "example.net"}}
	for _, a := range addresses {
		m, err := smtp.ParseMailbox(a, true)
		if err != nil {
			t.Fatal(err)
		}
		env.Recipients = append(env.Recipients, smtp.Recipient{Mailbox: m})
	}
	d := b.queue.Create(env)
	defer d.Discard()
	io.WriteString(d, "Subject: x\n\ntext\n")
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	return d.ID()
}

// newOutBench is a bench all of whose mail goes to other hosts.
func newOutBench(t *testing.T) *bench {
	b := newBench(t)
	b.local = allFar{}
	return b
}

// allFar is a carrier for which all recipients are elsewhere.
type allFar struct{}

func (allFar) carry(_ context.Context, _ *queue.Entry, rcpts []int, report func(int, result)) {
	for _, i := range rcpts {
		r := result{}
		r.Remote = true
		report(i, r)
	}
}

// count is how many entries are in a place.
func (b *bench) count(t *testing.T, place queue.Place) (n int) {
	t.Helper()
	for ref, err := range b.queue.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if ref.Place == place {
			n++
		}
	}
	return n
}

// Many messages for one destination share few processes, which become more as
// the destination bears them, and few of the entries are open at once.
func TestOneDestination(t *testing.T) {
	b := newOutBench(t)
	const messages = 2000
	for i := range messages {
		b.send(t, fmt.Sprintf("ok%d@example.org", i))
	}
	b.smtp.pause = 200 * time.Microsecond
	most := watchOpen(t, b.queue.Dir())
	b.do(t, &config{})
	if n := b.count(t, queue.New) + b.count(t, queue.Wait); n != 0 || len(b.smtp.served) != messages {
		t.Errorf("%d served, %d left", len(b.smtp.served), n)
	}
	const address = "net!example.org"
	if n := b.smtp.most[address]; n < 3 || n > defaultPerDestination {
		t.Errorf("%d processes at once, want 3 to %d", n, defaultPerDestination)
	}
	if n := b.smtp.processes[address]; n > messages/20 {
		t.Errorf("%d processes for %d messages", n, messages)
	}
	if n := most(); n > maxWaiting+defaultPerDestination*maxAhead+b.jobs+10 {
		t.Errorf("%d entries were open at once", n)
	}
}

// watchOpen looks again and again how many files below dir this process has
// open. The answer is the most that was seen.
func watchOpen(t *testing.T, dir string) (most func() int) {
	t.Helper()
	if _, err := os.ReadDir("/proc/self/fd"); err != nil {
		return func() int { return 0 }
	}
	end, seen := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-end:
				seen <- n
				return
			default:
				n = max(n, openBelow(dir))
			}
		}
	}()
	return func() int { close(end); return <-seen }
}

func openBelow(dir string) (n int) {
	fds, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range fds {
		if name, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(name, dir+"/") {
			n++
		}
	}
	return n
}

// Many destinations, more than entries may be open, share the processes there
// may be.
func TestManyDestinations(t *testing.T) {
	b := newOutBench(t)
	b.out.processes = 7
	b.smtp.pause = time.Millisecond
	for i := range 2 * maxOpen {
		b.send(t, fmt.Sprintf("ok@d%d.example", i))
	}
	b.do(t, &config{})
	if n := b.count(t, queue.New) + b.count(t, queue.Wait); n != 0 || len(b.smtp.served) != 2*maxOpen {
		t.Errorf("%d served, %d left", len(b.smtp.served), n)
	}
	if n := b.smtp.most[""]; n > 7 {
		t.Errorf("%d processes at once, want 7", n)
	}
	if len(b.smtp.processes) != 2*maxOpen {
		t.Errorf("%d destinations", len(b.smtp.processes))
	}
}

// A destination with much mail does not keep others from their turn.
func TestTurns(t *testing.T) {
	b := newOutBench(t)
	b.out.processes = 1
	b.smtp.pause = time.Millisecond // so that all is known before much is done
	for range 5 * maxTurn {
		b.send(t, "ok@large.example")
	}
	b.jobs = 1
	small := b.send(t, "ok@small.example")
	b.do(t, &config{})
	at := slices.IndexFunc(b.smtp.served, func(s string) bool { return strings.HasPrefix(s, small) })
	if at < 0 || at > 3*maxTurn {
		t.Errorf("the only message for small.example was the %dth of %d", at+1, len(b.smtp.served))
	}
}

// TestSlowTurn has a host take a minute for each message: others need not wait
// until it has done its hundred.
func TestSlowTurn(t *testing.T) {
	b := newOutBench(t)
	b.out.processes = 1
	var minutes atomic.Int64
	begun := b.clock
	b.now = func() time.Time { return begun.Add(time.Duration(minutes.Load()) * time.Minute) }
	for range 60 {
		b.send(t, "ok@slow.example")
	}
	b.jobs = 1
	small := b.send(t, "ok@small.example")
	b.smtp.serve = func(to target, _, _ int) bool {
		if to.address == "net!slow.example" {
			minutes.Add(1)
			time.Sleep(time.Millisecond) // so that all is known before much is done
		}
		return true
	}
	b.do(t, &config{})
	at := slices.IndexFunc(b.smtp.served, func(s string) bool { return strings.HasPrefix(s, small) })
	if len(b.smtp.served) != 61 || at < 0 || at > 45 {
		t.Errorf("the only message for small.example was the %dth of %d", at+1, len(b.smtp.served))
	}
}

// Each destination of a message is tried, each with its own outcome.
func TestRecipientsOfSeveralDestinations(t *testing.T) {
	b := newOutBench(t)
	id := b.send(t, "ok1@a.example", "ok2@b.example", "busy@a.example", "ok3@A.example", "no@c.example")
	b.do(t, &config{})
	if got, want := b.where(t, id), "wait done/1 done/1 wait/1 done/1 told/1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(b.smtp.jobs); got != "map[net!a.example:1 net!b.example:1 net!c.example:1]" {
		t.Errorf("jobs %s", got)
	}
}

// A message with very many recipients is several jobs.
func TestManyRecipients(t *testing.T) {
	b := newOutBench(t)
	var all []string
	for i := range 250 {
		all = append(all, fmt.Sprintf("ok%d@a.example", i))
	}
	id := b.send(t, all...)
	b.do(t, &config{})
	if got := b.where(t, id); got != "gone" || b.smtp.jobs["net!a.example"] != 3 || len(b.smtp.served) != 250 {
		t.Errorf("%s, %d jobs, %d served", got, b.smtp.jobs["net!a.example"], len(b.smtp.served))
	}
}

// What a process that dies has not reported is given to another; a message
// that no process survives is put off, and the others are sent.
func TestCrash(t *testing.T) {
	b := newOutBench(t)
	b.smtp.serve = func(_ target, process, n int) bool { return process > 3 || n != 5 }
	for i := range 100 {
		b.send(t, fmt.Sprintf("ok%d@a.example", i))
	}
	b.do(t, &config{})
	if n := b.count(t, queue.New) + b.count(t, queue.Wait); n != 0 || len(b.smtp.served) != 100 {
		t.Errorf("%d served, %d left", len(b.smtp.served), n)
	}
	b.smtp.serve = func(target, int, int) bool { return false }
	id := b.send(t, "ok@b.example")
	b.do(t, &config{})
	if got := b.where(t, id); got != "wait wait/1" || b.smtp.processes["net!b.example"] != maxLost+1 {
		t.Errorf("%s after %d processes", got, b.smtp.processes["net!b.example"])
	}
}

// Where smtp cannot be run at all, mail waits.
func TestNoSMTP(t *testing.T) {
	b := newOutBench(t)
	id := b.send(t, "ok@a.example")
	r := b.another()
	r.remote.launch = func(context.Context, target, pipeEnd, pipeEnd) error { return os.ErrNotExist }
	if err := r.pass(context.Background(), r.selected(context.Background(), &config{})); err != nil {
		t.Error(err)
	}
	if got := b.where(t, id); got != "wait wait/1" {
		t.Error(got)
	}
	if !strings.Contains(b.log.String(), os.ErrNotExist.Error()) {
		t.Errorf("log: %s", b.log.String())
	}
}

// Told to end, a run finishes what smtp has and leaves the rest as it was.
func TestEndOutgoing(t *testing.T) {
	b := newOutBench(t)
	ctx, stop := context.WithCancel(context.Background())
	var once sync.Once
	b.smtp.serve = func(target, int, int) bool { once.Do(stop); return true }
	b.smtp.pause = time.Millisecond
	for i := range 500 {
		b.send(t, fmt.Sprintf("ok%d@a.example", i))
	}
	r := b.another()
	if err := r.pass(ctx, r.selected(ctx, &config{})); err != nil {
		t.Error(err)
	}
	left, put := b.count(t, queue.New), b.count(t, queue.Wait)
	if put != 0 || left == 0 || left+len(b.smtp.served) != 500 {
		t.Errorf("%d served, %d left, %d put off", len(b.smtp.served), left, put)
	}
}

// A process that stays sends new mail through the connection that it has.
func TestLinger(t *testing.T) {
	b := newOutBench(t)
	ctx, stop := context.WithCancel(context.Background())
	b.remote.linger = time.Minute
	done := make(chan error)
	go func() { done <- b.watch(ctx) }()
	for i := range 5 {
		b.until(t, b.send(t, fmt.Sprintf("ok%d@a.example", i)))
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := b.smtp.processes["net!a.example"]; n != 1 {
		t.Errorf("%d processes, want 1", n)
	}
}

// TestLongResult passes over a line that is too long, and goes on reading: a
// process that nobody listens to would never end.
func TestLongResult(t *testing.T) {
	b := newOutBench(t)
	b.smtp.noise = strings.Repeat("x", 3*maxResult) + "\n"
	id := b.send(t, "ok@example.org")
	b.do(t, &config{})
	if n := b.count(t, queue.New); n != 0 {
		t.Errorf("%s is still there", id)
	}
	if served := b.smtp.served; len(served) != 1 {
		t.Errorf("%d results", len(served))
	}
}
