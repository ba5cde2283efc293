package greylist

import "time"

// Of two changes within one tick of the file system's clock the second does not show
// in the time stamps, nor in the size if it leaves that as it is. So an index is made
// only of a text that was left alone for a tick: every change after that shows. Lines
// of ours go into the index at once, since it would have to be made anew for each of
// them; where the tick is short, only somebody who changes octets in place at the very
// same moment could go unseen.
const (
	// tick is the grain of most file systems: that of the kernel's clock.
	tick = 10 * time.Millisecond
	// coarseTick is that of those which know only seconds, some of them two.
	coarseTick = 2 * time.Second
)

// coarse says whether the file system knows only seconds.
func (t *textState) coarse() bool { return t.Ctime%uint64(time.Second) == 0 }

// settled says whether the text was left alone for as long as the grain. For a
// tick it waits.
func (t *textState) settled() bool {
	age := time.Since(time.Unix(0, int64(t.Ctime)))
	if t.coarse() {
		return age > coarseTick || age < -skew
	}
	time.Sleep(min(tick-age, tick))
	return true
}
