package e2e

import (
	"bytes"
	"strings"
	"sync"
)

// A Log is what a program that goes on running has said, which a test may read
// meanwhile. The zero value is empty.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that has been said.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Has says whether words have been said.
func (l *Log) Has(words string) bool { return strings.Contains(l.String(), words) }
