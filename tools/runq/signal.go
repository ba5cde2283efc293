package main

import (
	"context"
	"os/signal"
	"syscall"
)

// untilSignal is done when the process is told to end: entries in work are
// finished, no other is begun. A second signal kills, which the queue bears.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
