package main

import "testing"

// With -R nothing is given up, neither for a refusal nor for its age.
func TestNeverGiveUp(t *testing.T) {
	b := newOutBench(t)
	b.keepOn = true
	b.giveUp = 0
	refused, busy, served := b.send(t, "no@a.example"), b.send(t, "busy@a.example"), b.send(t, "ok@a.example")
	for range 2 {
		b.do(t, &config{now: true})
	}
	for id, want := range map[string]string{refused: "wait wait/2", busy: "wait wait/2", served: "gone"} {
		if got := b.where(t, id); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	b.keepOn = false
	b.do(t, &config{now: true})
	if got := b.where(t, refused) + ", " + b.where(t, busy); got != "gone, gone" {
		t.Errorf("without -R: %s", got)
	}
}

func TestWindow(t *testing.T) {
	w := newWindow(5)
	for range 100 {
		w.grow()
	}
	if got := w.limit(); got != 5 {
		t.Errorf("grown to %d, want 5", got)
	}
	w.shrink()
	if got := w.limit(); got != 2 {
		t.Errorf("halved to %d, want 2", got)
	}
	for range caution {
		w.grow()
	}
	if got := w.limit(); got != 2 {
		t.Errorf("grown to %d at once, want 2", got)
	}
	for range 4 {
		w.shrink()
	}
	if got := w.limit(); got != 1 {
		t.Errorf("%d, want at least 1", got)
	}
	one := newWindow(1)
	if got := one.limit(); got != 1 {
		t.Errorf("begins with %d of 1", got)
	}
}
