package netpath

import (
	"context"
	"testing"
	"testing/synctest"
)

// TestSlowStart: one, then twice as many, and whoever gives up keeps nobody
// else from his turn.
func TestSlowStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s slowStart
		ctx, cancel := context.WithCancel(t.Context())
		began, gave := make(chan bool, 40), make(chan bool, 40)
		start := func(ctx context.Context) {
			if s.begin(ctx) != nil {
				gave <- true
				return
			}
			began <- true
		}
		for range 30 {
			go start(t.Context())
		}
		synctest.Wait()
		for range 5 {
			go start(ctx)
		}
		for _, want := range []int{1, 2, 4, 8} {
			synctest.Wait()
			if len(began) != want {
				t.Fatalf("%d began at once, want %d", len(began), want)
			}
			for range want {
				<-began
				s.end()
			}
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		for len(began) > 0 {
			<-began
			s.end()
			synctest.Wait()
		}
		if s.running != 0 || len(s.waiting) != 0 || len(gave) > 5 {
			t.Errorf("%d gave up, %d are counted, %d wait", len(gave), s.running, len(s.waiting))
		}
	})
}
