package tool

import (
	"io"
	"os"
	"syscall"
	"testing"
	"time"
)

// Everything is read as it comes, soon or late, to the end.
func TestEager(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	in := eagerly(r)
	b := make([]byte, 10)
	for i, pause := range []time.Duration{0, 0, time.Millisecond, 0, 5 * time.Millisecond, time.Millisecond} {
		go func() {
			time.Sleep(pause)
			w.Write([]byte{byte(i)})
		}()
		if n, err := in.Read(b); n != 1 || err != nil || b[0] != byte(i) {
			t.Fatalf("%d: got %v, %v", i, b[:n], err)
		}
	}
	w.Close()
	if n, err := in.Read(b); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d octets, %v", n, err)
	}
}

// One of whom little is asked sleeps.
func TestEagerSleeps(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	in := &eager{File: r, soon: true}
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	const nap = 300 * time.Millisecond
	before := used()
	go func() {
		time.Sleep(nap)
		w.Write([]byte{1})
	}()
	in.Read(make([]byte, 1))
	if took := used() - before; took > nap/3 {
		t.Errorf("it took %v of the processor to wait for %v", took, nap)
	}
	if in.soon {
		t.Error("it is awake still")
	}
}

// What is no file is read as it is.
func TestEagerOfOthers(t *testing.T) {
	r, _ := io.Pipe()
	if got := eagerly(r); got != io.Reader(r) {
		t.Errorf("got %T", got)
	}
}
