package greylist

import "time"

// A second change of the text within the grain of its time stamps does not show
// in them if it leaves the size. An index is made only of a text that was left
// alone for that long, so that every change behind it shows. Lines of ours go
// into it at once, as it would else be made anew for each; where a tick is all,
// only who changes octets in place at the same moment could go unseen.
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
