package greylist

import (
	"strconv"
	"time"

	"postern/lib/record"
)

// Attributes are those that Record sets.
func Attributes() []string { return []string{"greylist", "greylist_wait"} }

// Record sets what was decided in a record.
func (d *Decision) Record(r *record.Record) {
	r.Set("greylist", d.State.String())
	if d.Deferred() {
		r.SetInt("greylist_wait", seconds(d.Wait))
	}
}

// Words are for the client that is told to come again.
func (d *Decision) Words() string {
	return "you are new here, try again in " + strconv.FormatInt(seconds(d.Wait), 10) + " seconds"
}

// seconds is a time in full seconds, rounded up.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
