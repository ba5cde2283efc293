package main

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/maillog"
)

// A logged is what has been logged so far.
type logged struct{ e2e.Log }

func (l *logged) has(words string) func() bool {
	return func() bool { return l.Has(words) }
}

// until waits for something that is to come true.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for too long: %s", what)
		}
	}
}

// A deafSource is an interface that brings nothing.
type deafSource struct{ source }

func (deafSource) Close() {}

// TestStrangersGo: an interface that nobody named, such as that of a container,
// goes without a word, and what was said of it is not remembered.
func TestStrangersGo(t *testing.T) {
	log := new(logged)
	c := newCapture(wanted{interfaces: []string{"eth0"}}, maillog.Open(maillog.Options{Stderr: log}), nil)
	for _, name := range []string{"eth0", "veth1"} {
		c.sources[name] = deafSource{}
		c.lose(name)
	}
	if !log.has("eth0: down or gone")() || log.has("veth1")() {
		t.Errorf("said was %q", log.String())
	}
	for _, name := range []string{"veth2", "veth3"} {
		c.tell(name, errors.New("cannot be opened"))
	}
	c.forget([]string{"veth3"})
	if got := slices.Sorted(maps.Keys(c.told)); !slices.Equal(got, []string{"eth0", "veth3"}) {
		t.Errorf("remembered of %q", got)
	}
}
