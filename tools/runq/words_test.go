package main

import (
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	now := time.Now()
	for tries, want := range map[int][2]time.Duration{ // shortest and longest wait in seconds
		0: {225, 375}, 1: {225, 375}, 2: {450, 750}, 3: {900, 1500}, 7: {10800, 18000}, 100: {10800, 18000}, 1 << 40: {10800, 18000},
	} {
		short, long := nextTry(now, tries, 0).Sub(now), nextTry(now, tries, 1).Sub(now)
		if short != want[0]*time.Second || long != want[1]*time.Second {
			t.Errorf("%d tries: from %v to %v, want from %v s to %v s", tries, short, long, want[0], want[1])
		}
	}
}

func TestAge(t *testing.T) {
	now := time.Now()
	tests := []struct {
		since time.Duration
		tries int
		want  time.Duration
	}{
		{time.Minute, 9, time.Minute},
		{time.Hour, 1, 0},
		{100 * 24 * time.Hour, 2, 10 * time.Minute},
		{100 * 24 * time.Hour, 3, 30 * time.Minute},
		{-time.Hour, 9, 0},
		{6 * 24 * time.Hour, 50, 6 * 24 * time.Hour},
	}
	for _, tt := range tests {
		if got := age(now.Add(-tt.since), now, tt.tries); got != tt.want {
			t.Errorf("%v ago, %d tries: %v, want %v", tt.since, tt.tries, got, tt.want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0B", 1023: "1023B", 1024: "1.0K", 1023 << 10: "1.0M", 5 << 30: "5.0G", 1<<63 - 1: "8.0E"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestSince(t *testing.T) {
	now := time.Now()
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", 59 * time.Second: "59s", time.Minute: "1m", 47 * time.Hour: "47h", 49 * time.Hour: "2d",
	} {
		if got := since(now.Add(-d), now); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
