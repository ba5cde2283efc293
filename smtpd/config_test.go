package main

import (
	"testing"

	"postern/lib/place"
)

// The table has no name twice, and its defaults are those in force.
func TestDirectives(t *testing.T) {
	if err := defaultConfig(new(flags), place.New("")).directives().Verify(); err != nil {
		t.Error(err)
	}
}
