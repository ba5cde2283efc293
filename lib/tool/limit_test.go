package tool

import (
	"context"
	"testing"
	"time"
)

// A limit is what context.WithTimeout makes, whether anybody waits or not.
func TestLimit(t *testing.T) {
	wait := func(ctx context.Context, _ func()) { <-ctx.Done() }
	stop := func(_ context.Context, stop func()) { stop() }
	ask := func(ctx context.Context, _ func()) { ctx.Done() }
	tests := []struct {
		name  string
		limit time.Duration
		do    []func(context.Context, func())
		want  error
	}{
		{"there is time", time.Hour, nil, nil},
		{"there is time, and a timer", time.Hour, []func(context.Context, func()){ask}, nil},
		{"no time", 0, nil, context.DeadlineExceeded},
		{"no time, waited", 0, []func(context.Context, func()){wait}, context.DeadlineExceeded},
		{"waited to its end", time.Millisecond, []func(context.Context, func()){wait}, context.DeadlineExceeded},
		{"stopped", time.Hour, []func(context.Context, func()){stop}, context.Canceled},
		{"stopped, then waited", time.Hour, []func(context.Context, func()){stop, wait}, context.Canceled},
		{"with a timer, stopped, then waited", time.Hour, []func(context.Context, func()){ask, stop, wait}, context.Canceled},
	}
	for _, tt := range tests {
		ours := within(context.Background(), tt.limit)
		theirs, cancel := context.WithTimeout(context.Background(), tt.limit)
		for _, do := range tt.do {
			do(ours, ours.stop)
			do(theirs, cancel)
		}
		if got, same := ours.Err(), theirs.Err(); got != tt.want || same != tt.want {
			t.Errorf("%s: %v and %v, want %v", tt.name, got, same, tt.want)
		}
		ours.stop()
		cancel()
	}
}

// What is above it ends it too, and has the shorter deadline.
func TestLimitBelow(t *testing.T) {
	above, cancel := context.WithTimeout(context.Background(), time.Hour)
	l := within(above, 2*time.Hour)
	if end, _ := l.Deadline(); time.Until(end) > time.Hour {
		t.Errorf("the end is in %v", time.Until(end))
	}
	if end, ok := within(above, time.Minute).Deadline(); !ok || time.Until(end) > time.Minute {
		t.Errorf("the nearer end is in %v", time.Until(end))
	}
	cancel()
	if l.Err() != context.Canceled {
		t.Errorf("got %v", l.Err())
	}
	<-l.Done()
	l.stop()
}
