//go:build !linux

package dns

import (
	"context"
	"time"
)

const canDirect = false

func (s *server) askDirect(ctx context.Context, b *batch, wait time.Duration) error {
	panic("not here")
}
