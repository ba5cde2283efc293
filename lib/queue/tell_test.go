package queue

import (
	"os"
	"testing"
	"time"
)

// What the sender has been told of needs nothing more, and only then the entry
// can be removed.
func TestTell(t *testing.T) {
	q := open(t)
	id := add(t, q, envelope("a", "b", "c", "d"), "text\n")
	e := take(t, q, id)
	for i, s := range []State{Rejected, Arrived, Done, Waiting} {
		if err := e.Mark(i, Status{State: s, Tries: 1, Reply: "550 5.1.1 no"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Remove(); err == nil {
		t.Fatal("removed, though nobody was told")
	}
	e = take(t, q, id)
	if err := e.Tell([]int{0, 1, 3}); err != nil {
		t.Fatal(err)
	}
	e.Close()
	e = take(t, q, id)
	for i, want := range []State{Told, Done, Done, Late} {
		if got := e.Status(i); got.State != want || got.Tries != 1 || got.Reply != "550 5.1.1 no" {
			t.Errorf("recipient %d: got %+v, want %v", i, got, want)
		}
	}
	if err := e.Remove(); err == nil {
		t.Fatal("removed, though one still waits")
	}
	e = take(t, q, id)
	if err := e.Begin(3); err != nil || !e.ToldLate(3) || e.ToldLate(0) {
		t.Errorf("begun: %v, told late %v", err, e.ToldLate(3))
	}
	if err := e.Mark(3, Status{State: Done}); err != nil {
		t.Fatal(err)
	}
	if err := e.Remove(); err != nil {
		t.Error(err)
	}
}

// What has become final is synced before the entry is put off, what was told at
// once, and nothing else is: /dev/null takes no fsync.
func TestMarksAreSynced(t *testing.T) {
	later := func(e *Entry) error { return e.Retry(time.Now(), time.Now().Add(time.Hour)) }
	tests := []struct {
		state State
		then  func(*Entry) error
		place Place
		want  bool // that it is synced
	}{
		{Waiting, later, Wait, false},
		{Done, later, New, true},
		{Rejected, (*Entry).Fail, New, true},
		{Waiting, func(e *Entry) error { return e.Tell([]int{0}) }, New, true},
		{Rejected, func(e *Entry) error { return e.Tell([]int{0}) }, New, true},
		{Done, (*Entry).Drop, "", false},
	}
	for i, tt := range tests {
		q := open(t)
		e := take(t, q, add(t, q, envelope("a"), ""))
		if err := e.Mark(0, Status{State: tt.state}); err != nil {
			t.Fatal(err)
		}
		real := e.file
		e.file, _ = os.OpenFile(os.DevNull, os.O_RDWR, 0)
		defer real.Close()
		if err := tt.then(e); err != nil != tt.want {
			t.Errorf("%d: %v, want that it is synced: %v", i, err, tt.want)
		}
		if ref, _ := q.Find(e.ID); ref.Place != tt.place {
			t.Errorf("%d: in %q, want %q", i, ref.Place, tt.place)
		}
	}
}
