package main

import (
	"testing"
	"time"
)

// TestPace: how long after the beginning of a text or a command the client may
// go on, when it has been at it for so long and so much of it has come.
func TestPace(t *testing.T) {
	const wait, pause = 5 * time.Minute, 10 * time.Minute
	tests := []struct {
		name string
		say  func(*pace)
		most int64
		got  int64
		at   time.Duration
		want time.Duration
	}{
		{"a command", (*pace).command, 0, 1000, time.Minute, wait},
		{"a text at its beginning", (*pace).text, 0, 0, 0, pause},
		{"a pause in a text that came fast", (*pace).text, 0, 1 << 20, time.Minute, time.Minute + pause},
		{"a slow text", (*pace).text, 0, 64 * 60, 9 * time.Minute, pause + time.Minute},
		{"a text that has no end", (*pace).text, 64 * 60, 1 << 30, time.Hour, pause + time.Minute},
		{"a chunk", (*pace).chunk, 0, 64 * 60, 9 * time.Minute, pause + time.Minute},
		{"the next chunk", func(p *pace) { p.chunk(); p.command(); p.chunk() }, 0, 0, 9 * time.Minute, pause},
		{"between two chunks", func(p *pace) { p.chunk(); p.start = p.begun.Add(9 * time.Minute); p.within = false }, 0, 64, 9 * time.Minute, pause + time.Second},
		{"between two chunks that came fast", func(p *pace) { p.chunk(); p.command() }, 0, 1 << 20, time.Minute, wait},
		{"a command behind a text", func(p *pace) { p.text(); p.over(); p.command() }, 0, 0, time.Minute, wait},
	}
	for _, tt := range tests {
		begin := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		now := begin
		p := pace{now: func() time.Time { return now }, wait: wait, pause: pause, most: tt.most}
		tt.say(&p)
		p.got, now = tt.got, begin.Add(tt.at)
		if got := p.deadline().Sub(begin); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
