package deliver

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"postern/lib/maildir"
)

func TestReply(t *testing.T) {
	for err, want := range map[error]string{
		syscall.ENOSPC:            "452 4.3.1 no room for the message now",
		syscall.EDQUOT:            "452 4.2.2 the mailbox is full",
		syscall.EIO:               "451 4.3.0 local error, try again later",
		maildir.ErrUnsafe:         "451 4.3.0 local error, try again later",
		context.DeadlineExceeded:  "451 4.3.0 local error, try again later",
		errors.New("any at all"):  "451 4.3.0 local error, try again later",
		errors.Join(ErrLoop, nil): "554 5.4.6 this message is in a loop",
	} {
		if got := Reply(err).String(); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}
