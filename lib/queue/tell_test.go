package queue

import "testing"

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
