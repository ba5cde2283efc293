package queue

import "time"

// Horizon is the farthest that an entry can be put off. A folder that is due
// later than that was made while the clock was wrong, and is due now.
const Horizon = 24 * time.Hour

// minute is the form of the folders in wait/, in UTC. Their order as words
// is their order in time.
const minute = "20060102-1504"

// Place says in which part of the queue an entry lies.
type Place string

// The places of entries.
const (
	New     Place = placeNew     // not tried yet
	Wait    Place = placeWait    // to be tried again
	Held    Place = placeHold    // until a person lets it go
	Failed  Place = placeFailed  // for a person to look at
	Damaged Place = placeDamaged // unreadable
)

// Ref says where an entry was seen. The entry may have moved since.
type Ref struct {
	ID    string
	Place Place
	Due   time.Time // with Wait; zero in other places

	folder string // within the queue
}

// path is the entry's name within the queue.
func (r Ref) path() string { return r.folder + "/" + r.ID }

// newRef, heldRef, failedRef, damagedRef and doneRef are the places of id that its name alone
// decides.
func newRef(id string) Ref {
	return Ref{ID: id, Place: New, folder: placeNew + "/" + shard(id)}
}

func heldRef(id string) Ref {
	return Ref{ID: id, Place: Held, folder: placeHold + "/" + shard(id)}
}

func failedRef(id string) Ref {
	return Ref{ID: id, Place: Failed, folder: placeFailed + "/" + shard(id)}
}

func damagedRef(id string) Ref {
	return Ref{ID: id, Place: Damaged, folder: placeDamaged}
}

func doneRef(id string) Ref { return Ref{ID: id, folder: placeDone} }

// waitRef is the place of an entry that is due at a time, which is rounded up
// to the minute.
func waitRef(id string, due time.Time) Ref {
	return bucketRef(id, roundUp(due).UTC().Format(minute), roundUp(due))
}

func bucketRef(id, bucket string, due time.Time) Ref {
	return Ref{ID: id, Place: Wait, Due: due, folder: placeWait + "/" + bucket + "/" + shard(id)}
}

func roundUp(t time.Time) time.Time {
	r := t.Truncate(time.Minute)
	if r.Before(t) {
		r = r.Add(time.Minute)
	}
	return r
}

// parseBucket is the time of a folder in wait/. The zero time, which is
// always past, stands for a name that is none of ours: what lies there is
// not forgotten.
func parseBucket(name string) time.Time {
	t, _ := time.Parse(minute, name)
	return t
}

// due says whether the folder of time t is to be worked on.
func due(t, now time.Time) bool {
	return !t.After(now) || t.After(now.Add(Horizon+time.Minute))
}
