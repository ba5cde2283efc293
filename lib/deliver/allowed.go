package deliver

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"postern/lib/smtp"
)

// allowed returns the destination that was decided when the message was taken, if
// the queue can be believed. When root works on the queue of another user, that
// user could have written any destination into it, /etc/passwd or a command. Then
// the rules must still lead there, or else the message waits.
func (d *Deliverer) allowed(ctx context.Context, dest Destination, sender smtp.Mailbox) []Destination {
	if !dest.here() || !d.queueIsForeign() {
		return []Destination{dest}
	}
	list, err := d.routeFrom(ctx, dest.Mailbox, sender)
	if m, mailboxErr := d.mailbox(dest.Mailbox); mailboxErr == nil && d.ours(dest.Mailbox.Domain) {
		list = append(slices.Clip(list), m) // to which \name leads past the aliases
	}
	if i := slices.IndexFunc(list, dest.same); err == nil && i >= 0 {
		return list[i : i+1 : i+1]
	}
	return []Destination{{Kind: Later, Mailbox: dest.Mailbox, Path: "the rules no longer lead to " + dest.Path}}
}

// queueIsForeign says whether root works on the queue of somebody else.
func (d *Deliverer) queueIsForeign() bool {
	if os.Geteuid() != 0 {
		return false
	}
	fi, err := os.Stat(d.config.Queue)
	if errors.Is(err, fs.ErrNotExist) {
		return false // there is none
	}
	if err != nil {
		return true
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	return !ok || st.Uid != 0
}
