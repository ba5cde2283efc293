package main

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/maillog"
)

// A logged is what has been logged so far.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) has(words string) func() bool {
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return strings.Contains(l.b.String(), words)
	}
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
		t.Errorf("said was %q", log.b.String())
	}
	for _, name := range []string{"veth2", "veth3"} {
		c.tell(name, errors.New("cannot be opened"))
	}
	c.forget([]string{"veth3"})
	if got := slices.Sorted(maps.Keys(c.told)); !slices.Equal(got, []string{"eth0", "veth3"}) {
		t.Errorf("remembered of %q", got)
	}
}
