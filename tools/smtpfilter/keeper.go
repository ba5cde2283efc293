package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"postern/lib/filter"
	"postern/lib/maillog"
	"postern/lib/prog"
	"postern/lib/record"
)

const (
	// interval is between two looks at the time stamp of the folder. A
	// client that is let in a second late has lost nothing.
	interval = time.Second
	// longestWait is between two looks into the folder, whatever its stamp.
	longestWait = time.Minute
	// stampGrain is how old a stamp must be to tell that there was no other
	// change after it.
	stampGrain = 2 * time.Second
	// retryAfter is how long nothing is tried after a failure.
	retryAfter = time.Minute
	// programLimit is how long the program may take.
	programLimit = 30 * time.Second
)

// A keeper keeps those out that the folder names, and lets them in again.
type keeper struct {
	*config
	dir string
	do  func(ctx context.Context, words ...string) error // clear | add net | del net
	log *maillog.Logger
	now func() time.Time
	dry bool // nothing is removed from the folder

	out   map[netip.Prefix]filter.Entry // who is kept out
	known bool                          // out is what the packet filter has
	due   time.Time                     // when there is something to do, or to see
	stamp time.Time                     // of the folder, when it was looked into
}

func newKeeper(c *config, dir string, stderr io.Writer) *keeper {
	k := &keeper{config: c, dir: dir, now: time.Now}
	k.log = maillog.Open(maillog.Options{Tag: "smtpfilter", Stderr: stderr})
	k.do = k.runProgram
	return k
}

// runProgram runs the directive's program with words behind its arguments.
func (k *keeper) runProgram(ctx context.Context, words ...string) error {
	res, err := prog.Run(ctx, prog.Command{
		Path:  k.program[0],
		Args:  k.command(words)[1:],
		Env:   []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Dir:   "/",
		Limit: programLimit,
	})
	if err == nil && res.Status != 0 {
		err = fmt.Errorf("exit status %d: %s", res.Status, res.Reason)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", k.program[0], strings.Join(words, " "), err)
	}
	return nil
}

// serve keeps clients out until ctx is done; then all are let in. That the
// program does not work is an error at the beginning, when somebody looks.
func (k *keeper) serve(ctx context.Context) error {
	if err := k.clear(ctx); err != nil {
		return err
	}
	k.note(maillog.Info, "ready", "program", k.program[0])
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		k.pass(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return k.clear(context.WithoutCancel(ctx))
		}
	}
}

// clear lets everybody in.
func (k *keeper) clear(ctx context.Context) error {
	k.out, k.known = map[netip.Prefix]filter.Entry{}, false
	err := k.do(ctx, "clear")
	k.known = err == nil
	return err
}

// pass looks into the folder when there is something to do or to see. After a
// failure nobody knows what the packet filter has: it is cleared, a while
// later, and told everything again.
func (k *keeper) pass(ctx context.Context) {
	now := k.now()
	if k.known && !k.changed(now) && now.Before(k.due) || !k.known && now.Before(k.due) {
		return
	}
	k.due = now.Add(longestWait)
	if err := k.look(ctx, now); err != nil && ctx.Err() == nil {
		k.complain(maillog.Err, err)
		k.known, k.due = false, now.Add(retryAfter)
	}
}

// changed says whether there was a change in the folder since it was looked
// into, or there may have been one.
func (k *keeper) changed(now time.Time) bool {
	st, err := os.Stat(k.dir)
	if err != nil {
		return false
	}
	stamp := st.ModTime()
	changed := !stamp.Equal(k.stamp) || now.Sub(stamp).Abs() < stampGrain
	k.stamp = stamp
	return changed
}

// look makes the packet filter have what the folder asks for.
func (k *keeper) look(ctx context.Context, now time.Time) error {
	if !k.known {
		if err := k.clear(ctx); err != nil {
			return err
		}
	}
	entries, err := filter.List(k.dir)
	if err != nil {
		k.complain(maillog.Warning, err)
	}
	wanted := make(map[netip.Prefix]bool)
	for _, e := range entries {
		if k.wants(e, now) {
			wanted[e.Net] = true
			if err := k.add(ctx, e); err != nil {
				return err
			}
		}
	}
	for net, e := range k.out {
		if !wanted[net] {
			if err := k.del(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// wants says whether somebody is to be kept out, and removes what asks for
// it if not.
func (k *keeper) wants(e filter.Entry, now time.Time) bool {
	trusted := k.neverOut(e.Net)
	if !trusted && e.Fresh(now) {
		if e.Expires.Before(k.due) {
			k.due = now.Add(e.Expires.Sub(now))
		}
		return true
	}
	if trusted {
		k.note(maillog.Warning, "trusted", "net", e.Name(), "reason", e.Reason)
	}
	if k.dry {
		return false
	}
	if err := filter.Remove(k.dir, e); err != nil {
		k.complain(maillog.Warning, err)
	}
	return false
}

// add keeps somebody out who is not yet.
func (k *keeper) add(ctx context.Context, e filter.Entry) error {
	if _, ok := k.out[e.Net]; ok {
		return nil
	}
	if err := k.do(ctx, "add", e.Name()); err != nil {
		return err
	}
	k.out[e.Net] = e
	k.note(maillog.Info, "add", "net", e.Name(), "reason", e.Reason, "until", e.Expires.UTC().Format(time.RFC3339))
	return nil
}

// del lets somebody in.
func (k *keeper) del(ctx context.Context, e filter.Entry) error {
	if err := k.do(ctx, "del", e.Name()); err != nil {
		return err
	}
	delete(k.out, e.Net)
	k.note(maillog.Info, "del", "net", e.Name())
	return nil
}

// note logs what was done.
func (k *keeper) note(p maillog.Priority, event string, pairs ...string) {
	if k.dry {
		return
	}
	var r record.Record
	r.Set("event", event)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			r.Set(pairs[i], pairs[i+1])
		}
	}
	k.log.Log(p, r.String())
}

// mostNamed bounds the lines of the log that one look into the folder makes of
// what is damaged there.
const mostNamed = 10

// complain logs an error, of several each.
func (k *keeper) complain(p maillog.Priority, err error) {
	all := []error{err}
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		all = list.Unwrap()
	}
	more := len(all) - mostNamed
	if more > 0 {
		all = append(all[:mostNamed:mostNamed], fmt.Errorf("and %d more", more))
	}
	for _, err := range all {
		r := record.Of("error", err.Error())
		k.log.Log(p, r.String())
	}
}
