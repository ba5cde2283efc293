package main

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"postern/lib/queue"
)

// A destination that is down is asked by one process or two, not for each
// message, and not by the next run before its time; others are not concerned.
func TestDown(t *testing.T) {
	b := newOutBench(t)
	b.smtp.down = func(to target, _ int) bool { return to.address == "net!down.example" }
	for i := range 200 {
		b.send(t, fmt.Sprintf("ok%d@down.example", i))
	}
	up := b.send(t, "ok@up.example")
	b.do(t, &config{})
	if got := b.where(t, up); got != "gone" {
		t.Errorf("the one for another host: %s", got)
	}
	if n := b.count(t, queue.Wait); n != 200 {
		t.Errorf("%d wait, want 200", n)
	}
	tries := b.smtp.processes["net!down.example"]
	if tries < 1 || tries > firstWindow {
		t.Errorf("%d processes for a destination that is down", tries)
	}
	again := b.send(t, "ok@down.example")
	b.clock = b.clock.Add(time.Minute)
	b.do(t, &config{})
	if got := b.where(t, again); got != "wait wait/1" || b.smtp.processes["net!down.example"] != tries {
		t.Errorf("one more message: %s, and %d processes", got, b.smtp.processes["net!down.example"])
	}
	b.smtp.down = nil
	b.do(t, &config{now: true})
	if n := b.count(t, queue.Wait); n != 0 {
		t.Errorf("with -E: %d wait", n)
	}
}

// TestClosedUponMessage has a host end each session with one message: it is no
// less there for all others.
func TestClosedUponMessage(t *testing.T) {
	b := newOutBench(t)
	bad := b.send(t, "bye@a.example")
	b.do(t, &config{})
	if got := b.where(t, bad); got != "wait wait/1" {
		t.Errorf("the message: %s", got)
	}
	good := b.send(t, "ok@a.example")
	b.do(t, &config{})
	if got := b.where(t, good); got != "gone" {
		t.Errorf("the next one: %s", got)
	}
}

// Each failure in a row doubles the time for which a destination is left alone;
// one success ends that.
func TestDownForLonger(t *testing.T) {
	b := newOutBench(t)
	down := true
	b.smtp.down = func(target, int) bool { return down }
	for i, wait := range []time.Duration{5, 10, 20, 40, 60, 60} {
		b.send(t, "ok@a.example")
		b.do(t, &config{})
		if n := b.smtp.processes["net!a.example"]; n != i+1 {
			t.Fatalf("%d processes after failure %d", n, i+1)
		}
		b.clock = b.clock.Add(wait*time.Minute - time.Second)
		b.send(t, "ok@a.example")
		b.do(t, &config{})
		if n := b.smtp.processes["net!a.example"]; n != i+1 {
			t.Fatalf("tried before %v minutes were over", int(wait))
		}
		b.clock = b.clock.Add(2 * time.Second)
	}
	down = false
	b.clock = b.clock.Add(2 * time.Hour)
	b.do(t, &config{now: true})
	d := newTransport(b.runner, &b.out, b.smtp.launch).destination(target{"net!a.example", []string{"-s"}})
	if d.failures != 0 || d.down() {
		t.Errorf("remembers %d failures after a success", d.failures)
	}
}

// A server that takes only so many connections gets no more, and all mail.
func TestTooManyConnections(t *testing.T) {
	b := newOutBench(t)
	const bears = 3
	var mu sync.Mutex
	var once sync.Once
	over, crowded := map[int]bool{}, make(chan struct{})
	// Those who are there first do so much and no more until one is too many.
	b.smtp.serve = func(_ target, _, n int) bool {
		if n > 40 {
			select {
			case <-crowded:
			case <-time.After(20 * time.Second):
			}
		}
		return true
	}
	b.smtp.down = func(to target, process int) bool {
		mu.Lock()
		defer mu.Unlock()
		b.smtp.mu.Lock()
		if _, known := over[process]; !known {
			over[process] = b.smtp.running[to.address] > bears
			if over[process] {
				once.Do(func() { close(crowded) })
			}
		}
		b.smtp.mu.Unlock()
		return over[process]
	}
	for i := range 600 {
		b.send(t, fmt.Sprintf("ok%d@a.example", i))
	}
	b.do(t, &config{})
	if n := b.count(t, queue.New) + b.count(t, queue.Wait); n != 0 {
		t.Errorf("%d left", n)
	}
	if n := b.smtp.most["net!a.example"]; n <= bears {
		t.Errorf("no more than %d processes of %d: nothing was tested", n, b.smtp.processes["net!a.example"])
	}
}
