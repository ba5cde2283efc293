package queue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestKick(t *testing.T) {
	q := open(t)
	if domains, err := q.Kicked(); err != nil || domains != nil {
		t.Fatalf("before any: %v, %v", domains, err)
	}
	for _, domain := range []string{"Example.org", "example.org", "a-b.example"} {
		if err := q.Kick(domain); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(q.Dir(), placeKick, "no domain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	domains, err := q.Kicked()
	slices.Sort(domains)
	if err != nil || strings.Join(domains, " ") != "a-b.example example.org" {
		t.Errorf("got %v, %v", domains, err)
	}
	if domains, err := q.Kicked(); err != nil || len(domains) != 0 {
		t.Errorf("given again: %v, %v", domains, err)
	}
}

func TestKickRefuses(t *testing.T) {
	q := open(t)
	for _, domain := range []string{"", "..", "../new", "a b", "[192.0.2.1]", "ü.example", strings.Repeat("a.", 200)} {
		if err := q.Kick(domain); err == nil {
			t.Errorf("%q was taken", domain)
		}
	}
	for i := range maxKicks {
		if err := q.Kick(fmt.Sprintf("d%d.example", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Kick("one-more.example"); !errors.Is(err, ErrBusy) {
		t.Errorf("beyond the bound: %v", err)
	}
	if domains, err := q.Kicked(); err != nil || len(domains) != maxKicks {
		t.Errorf("%d domains, %v", len(domains), err)
	}
	if err := q.Kick("one-more.example"); err != nil {
		t.Error(err)
	}
}

// Whoever waits for new entries hears of it.
func TestKickWakes(t *testing.T) {
	q := open(t)
	trigger, err := q.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer trigger.Close()
	if err := q.Kick("example.org"); err != nil {
		t.Fatal(err)
	}
	if ref, err := trigger.Next(); err != nil || ref.ID != KickID {
		t.Errorf("got %+v, %v", ref, err)
	}
}
