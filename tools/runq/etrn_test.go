package main

import (
	"context"
	"testing"
	"time"
)

// kick asks for a domain.
func (b *bench) kick(t *testing.T, domain string) {
	t.Helper()
	if err := b.queue.Kick(domain); err != nil {
		t.Fatal(err)
	}
}

// What waits for a domain that is asked for is tried before its time, though
// its host was down; other mail is not.
func TestKicked(t *testing.T) {
	b := newOutBench(t)
	down := true
	b.smtp.down = func(target, int) bool { return down }
	mine, other := b.send(t, "ok@a.example"), b.send(t, "ok@b.example")
	b.do(t, &config{})
	down = false
	b.do(t, &config{})
	if got := b.where(t, mine); got != "wait wait/1" {
		t.Fatalf("before anybody asks: %s", got)
	}
	b.kick(t, "a.Example")
	b.do(t, &config{})
	if got := b.where(t, mine) + ", " + b.where(t, other); got != "gone, wait wait/1" {
		t.Error(got)
	}
}

// Who asks again and again does not keep us searching the queue.
func TestKickedTooOften(t *testing.T) {
	b := newOutBench(t)
	b.send(t, "busy@a.example")
	for n, wait := range []time.Duration{0, kickPause - time.Second, 2 * time.Second} {
		b.clock = b.clock.Add(wait)
		b.kick(t, "a.example")
		found := 0
		for range b.kicked(context.Background()) {
			found++
		}
		if want := []int{1, 0, 1}[n]; found != want {
			t.Errorf("asked for the %d. time: %d entries, want %d", n+1, found, want)
		}
	}
}

// One that stays hears of it at once.
func TestWatchKicks(t *testing.T) {
	b := newOutBench(t)
	b.smtp.down = func(to target, process int) bool { return to.address == "net!a.example" && process == 1 }
	id := b.send(t, "ok@a.example")
	b.do(t, &config{})
	if got := b.where(t, id); got != "wait wait/1" {
		t.Fatal(got)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.watch(ctx) }()
	b.until(t, b.send(t, "ok@b.example")) // it listens
	b.kick(t, "a.example")
	b.until(t, id)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
