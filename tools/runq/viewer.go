package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"

	"postern/lib/caller"
	"postern/lib/queue"
)

// A viewer is who looks at the queue: everybody who can read it, or a user of
// this host who is shown what he has handed in.
type viewer struct{ ident string } // as in an envelope; "" sees all

var everybody viewer

// sees says whether the viewer may see the entry.
func (v viewer) sees(info queue.Info) bool {
	return v == everybody || info.Envelope != nil && info.Envelope.Ident == v.ident
}

// showCaller is --caller: the queue for the user at the other end of standard
// input. Who he is the kernel says; he can ask for nothing.
func (c *config) showCaller(ctx context.Context, q *queue.Queue, stdin io.Reader, stdout io.Writer) error {
	f, ok := stdin.(*os.File)
	if !ok {
		return errors.New("--caller: standard input is no socket")
	}
	uid, err := caller.Of(int(f.Fd()))
	if err != nil {
		return fmt.Errorf("--caller: standard input is no connection of a user of this host: %w", err)
	}
	v, err := viewerOf(uid, q.Dir())
	if err != nil {
		return err
	}
	return c.show(ctx, q, v, inTime(stdout, callerTime))
}

// viewerOf is the user as a viewer of the queue in dir. Root, its owner and the
// members of its group see all.
func viewerOf(uid int, dir string) (viewer, error) {
	fi, err := os.Stat(dir)
	if err != nil {
		return viewer{}, err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if uid == 0 || ok && (uid == int(st.Uid) || inGroup(uid, int(st.Gid))) {
		return everybody, nil
	}
	return viewer{caller.Ident(uid)}, nil
}

// inGroup says whether the user is in the group, his own or another's. Whoever
// is not known is in none.
func inGroup(uid, gid int) bool {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return false
	}
	ids, err := u.GroupIds()
	return err == nil && slices.Contains(ids, strconv.Itoa(gid))
}
