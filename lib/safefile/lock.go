package safefile

import (
	"context"
	"errors"
	"os"
)

var ErrLocked = errors.New("locked by another process")

func Lock(ctx context.Context, f *os.File) error { return nil }
func TryLock(f *os.File) error                   { return nil }
func Unlock(f *os.File) error                    { return nil }
