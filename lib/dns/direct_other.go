//go:build !linux

package dns

import (
	"context"
	"time"
)

// canDirect tells that askDirect is there: it is written for Linux alone.
const canDirect = false

// askDirect is never called here, since canDirect is false.
func (s *server) askDirect(ctx context.Context, b *batch, wait time.Duration) error {
	panic("dns: askDirect is for Linux")
}
