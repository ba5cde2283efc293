package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/deliver"
	"postern/lib/e2e"
	"postern/lib/maillog"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// fake carries to recipients by their local part: "ok...", "busy...",
// "no...", "far...", "bug...".
type fake struct {
	mu    sync.Mutex
	tried []string // id and local part
	pause time.Duration
}

func (f *fake) carry(_ context.Context, e *queue.Entry, rcpts []int, report func(int, result)) {
	for _, i := range rcpts {
		local := e.Envelope.Recipients[i].Mailbox.Local
		f.mu.Lock()
		f.tried = append(f.tried, e.ID+" "+local)
		f.mu.Unlock()
		time.Sleep(f.pause)
		report(i, result{Outcome: outcome(local)})
	}
}

func outcome(local string) deliver.Outcome {
	switch {
	case strings.HasPrefix(local, "ok"):
		return deliver.Outcome{Status: deliver.Delivered, Reply: smtp.Say(250, smtp.NoDetail, "delivered")}
	case strings.HasPrefix(local, "busy"):
		return deliver.Outcome{Status: deliver.Deferred, Reply: smtp.Say(450, smtp.OtherMailbox, "busy")}
	case strings.HasPrefix(local, "no"):
		return deliver.Outcome{Status: deliver.Rejected, Reply: smtp.Say(550, smtp.NoMailbox, "no such user")}
	case strings.HasPrefix(local, "far"):
		return deliver.Outcome{Remote: true}
	}
	panic("bug")
}

// bench is a runner on an empty queue with a clock of its own.
type bench struct {
	*runner
	carrier *fake
	smtp    fakeSMTP
	out     outgoing
	clock   time.Time
	log     e2e.Log
}

func newBench(t *testing.T) *bench {
	t.Helper()
	q, err := queue.Open(filepath.Join(t.TempDir(), "queue"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	b := &bench{carrier: &fake{}, clock: time.Now()}
	b.runner = &runner{
		queue: q, local: b.carrier, jobs: 4, giveUp: defaultGiveUp, notices: defaultNotices(),
		log: maillog.Open(maillog.Options{Sink: "stderr", Stderr: &b.log}),
		now: func() time.Time { return b.clock }, chance: func() float64 { return 0.5 },
	}
	b.out = defaultOutgoing()
	b.remote = newTransport(b.runner, &b.out, b.smtp.launch)
	return b
}

// add commits a message for recipients at example.org.
func (b *bench) add(t *testing.T, locals ...string) string {
	t.Helper()
	return b.addFrom(t, smtp.Mailbox{Local: "sender", Domain: "example.net"}, locals...)
}

// addKept is add of a message that stays in the queue when it fails, since
// nobody is to be told.
func (b *bench) addKept(t *testing.T, locals ...string) string {
	t.Helper()
	b.notices.double = keepDouble
	return b.addFrom(t, smtp.Mailbox{}, locals...)
}

func (b *bench) addFrom(t *testing.T, sender smtp.Mailbox, locals ...string) string {
	t.Helper()
	env := &smtp.Envelope{Sender: sender}
	for _, l := range locals {
		env.Recipients = append(env.Recipients, smtp.Recipient{Mailbox: smtp.Mailbox{Local: l, Domain: "example.org"}})
	}
	d := b.queue.Create(env)
	defer d.Discard()
	io.WriteString(d, "Subject: x\n\ntext\n")
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	return d.ID()
}

// another is a runner as in a process of its own.
func (b *bench) another() *runner {
	r := &runner{
		queue: b.queue, local: b.local, jobs: b.jobs, giveUp: b.giveUp, keepOn: b.keepOn, notices: b.notices,
		log: b.runner.log, now: b.now, chance: b.chance,
	}
	r.remote = newTransport(r, &b.out, b.smtp.launch)
	return r
}

// do makes one pass as the command line of c asks for.
func (b *bench) do(t *testing.T, c *config) {
	t.Helper()
	ctx := context.Background()
	r := b.another()
	r.remote.force = c.now || len(c.queries) > 0
	if err := r.pass(ctx, r.selected(ctx, c)); err != nil {
		t.Error(err)
	}
}

// where is the place of an entry and the states of its recipients.
func (b *bench) where(t *testing.T, id string) string {
	t.Helper()
	ref, err := b.queue.Find(id)
	if errors.Is(err, queue.ErrNotFound) {
		return "gone"
	}
	info, err := b.queue.Look(ref)
	if err != nil {
		return err.Error()
	}
	s := string(info.Place)
	for _, st := range info.Status {
		s += fmt.Sprintf(" %s/%d", st.State, st.Tries)
	}
	return s
}

func TestPass(t *testing.T) {
	tests := map[string]string{ // local parts of the recipients: what is left
		"ok":            "gone",
		"ok1 ok2":       "gone",
		"busy":          "wait wait/1",
		"no":            "gone",
		"ok no":         "gone",
		"ok busy no":    "wait done/1 wait/1 told/1",
		"far":           "wait wait/1",
		"far ok":        "wait wait/1 done/1",
		"far-ok":        "gone",
		"far-no":        "gone",
		"far-busy ok":   "wait wait/1 done/1",
		"bug":           "wait busy/0",
		"ok bug":        "wait done/1 busy/0",
		"far busy ok x": "wait busy/0 wait/1 done/1 busy/0",
	}
	for locals, want := range tests {
		b := newBench(t)
		id := b.add(t, strings.Fields(locals)...)
		b.do(t, &config{})
		if got := b.where(t, id); got != want {
			t.Errorf("%s: got %q, want %q", locals, got, want)
		}
	}
}

func TestWaitsGrow(t *testing.T) {
	b := newBench(t)
	b.notices.delay = 0
	id := b.add(t, "busy")
	for i, wait := range []time.Duration{5, 10, 20, 40, 80, 160, 240, 240} {
		wait *= time.Minute
		b.do(t, &config{})
		tries := len(b.carrier.tried)
		if tries != i+1 {
			t.Fatalf("after pass %d: %d attempts", i+1, tries)
		}
		b.clock = b.clock.Add(wait - 2*time.Minute)
		if b.do(t, &config{}); len(b.carrier.tried) != tries {
			t.Fatalf("tried before %v had passed", wait)
		}
		b.clock = b.clock.Add(3 * time.Minute)
	}
	if got := b.where(t, id); got != "wait wait/8" {
		t.Error(got)
	}
}

func TestGivesUp(t *testing.T) {
	b := newBench(t)
	id := b.add(t, "busy", "far")
	b.giveUp = time.Hour
	for range 40 {
		b.do(t, &config{})
		b.clock = b.clock.Add(10 * time.Minute)
	}
	if got := b.where(t, id); got != "gone" {
		t.Error(got)
	}
	if n := len(b.carrier.tried); n < 5 {
		t.Errorf("given up after %d attempts", n)
	}
}

func TestGiveUpAtOnce(t *testing.T) {
	b := newBench(t)
	b.giveUp = 0
	id := b.addKept(t, "busy")
	b.do(t, &config{})
	if got := b.where(t, id); got != "failed fail/1" {
		t.Error(got)
	}
}

// A clock that jumps ahead, or a machine that was off for a month, is no
// reason to give up mail that was hardly tried.
func TestClockJump(t *testing.T) {
	b := newBench(t)
	id := b.add(t, "busy")
	b.clock = b.clock.AddDate(10, 0, 0)
	b.do(t, &config{})
	if got := b.where(t, id); got != "wait wait/1" {
		t.Fatal(got)
	}
	b.clock = time.Now() // and back
	b.do(t, &config{})
	if got := b.where(t, id); got != "wait wait/2" {
		t.Error(got)
	}
}

func TestIgnoreTimes(t *testing.T) {
	b := newBench(t)
	waits, fails := b.add(t, "busy"), b.addKept(t, "no")
	b.do(t, &config{})
	b.do(t, &config{now: true})
	if got := b.where(t, waits) + ", " + b.where(t, fails); got != "wait wait/2, failed fail/1" {
		t.Error(got)
	}
}

func TestQuery(t *testing.T) {
	b := newBench(t)
	waits, fails, other := b.add(t, "busy"), b.addKept(t, "no"), b.add(t, "busy")
	b.do(t, &config{})
	b.do(t, &config{queries: []string{waits, fails}})
	if got, want := b.where(t, waits), "wait wait/2"; got != want {
		t.Errorf("by id: got %q, want %q", got, want)
	}
	if got, want := b.where(t, fails), "failed fail/1"; got != want || len(b.carrier.tried) != 5 {
		t.Errorf("failed, by id: got %q, want %q; tried %q", got, want, b.carrier.tried)
	}
	if got, want := b.where(t, other), "wait wait/1"; got != want {
		t.Errorf("not named: got %q, want %q", got, want)
	}
	b.do(t, &config{queries: []string{"Example.ORG"}})
	if got, want := b.where(t, other), "wait wait/2"; got != want {
		t.Errorf("by domain: got %q, want %q", got, want)
	}
	b.do(t, &config{queries: []string{"example.com"}})
	if got, want := b.where(t, other), "wait wait/2"; got != want {
		t.Errorf("other domain: got %q, want %q", got, want)
	}
}

// Two runs at once on one queue serve each recipient once.
func TestTwoRuns(t *testing.T) {
	b := newBench(t)
	b.carrier.pause = time.Millisecond
	for range 50 {
		b.add(t, "ok1", "ok2")
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { b.do(t, &config{}) })
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, s := range b.carrier.tried {
		if seen[s] {
			t.Errorf("%s served twice", s)
		}
		seen[s] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d served, want 100", len(seen))
	}
}

func TestDamagedIsSetAside(t *testing.T) {
	b := newBench(t)
	good := b.add(t, "ok")
	bad := b.add(t, "ok")
	b.spoil(t, bad)
	b.do(t, &config{})
	if got := b.where(t, good); got != "gone" {
		t.Errorf("the good one: %s", got)
	}
	if got := b.where(t, bad); !strings.Contains(got, "damaged") {
		t.Errorf("the bad one: %s", got)
	}
	if got := b.log.String(); !strings.Contains(got, bad) || !strings.Contains(got, "set aside") {
		t.Errorf("log: %s", got)
	}
}

// spoil overwrites an entry's file.
func (b *bench) spoil(t *testing.T, id string) {
	t.Helper()
	ref, err := b.queue.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	found := errors.New("no such file")
	filepath.WalkDir(b.queue.Dir(), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == ref.ID {
			found = os.WriteFile(path, []byte("rubbish"), 0o600)
		}
		return nil
	})
	if found != nil {
		t.Fatal(found)
	}
}

// With -w new mail is worked on at once, other mail when it is due, and the
// end is orderly.
func TestWatch(t *testing.T) {
	b := newBench(t)
	before := b.add(t, "ok")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.watch(ctx) }()
	b.until(t, before)
	for range 3 {
		b.until(t, b.add(t, "ok"))
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// until waits for an entry to be gone, less long than any pause of watch.
func (b *bench) until(t *testing.T, id string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if b.where(t, id) == "gone" {
			return
		}
	}
	t.Fatalf("%s: %s after 10 s", id, b.where(t, id))
}

// Told to end, a run leaves what it has not begun as it was.
func TestEnd(t *testing.T) {
	b := newBench(t)
	id := b.add(t, "busy")
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := b.pass(ctx, b.selected(ctx, &config{})); err != nil {
		t.Error(err)
	}
	if got := b.where(t, id); got != "new wait/0" {
		t.Error(got)
	}
}
