package main

import (
	"time"

	"postern/lib/loadavg"
)

// loadAge is how long a load average is taken for true. The kernel itself
// counts anew every five seconds.
const loadAge = time.Second

// A loadMeter knows the load average, and asks for it seldom.
type loadMeter struct {
	ask   func() (int, error)
	value int
	until time.Time
}

// above says whether the load is above the limit. A load that cannot be
// learned refuses nobody.
func (m *loadMeter) above(limit int, now time.Time) bool {
	if limit >= loadavg.Never {
		return false
	}
	if now.After(m.until) {
		m.value, m.until = 0, now.Add(loadAge)
		if n, err := m.ask(); err == nil {
			m.value = n
		}
	}
	return m.value > limit
}
