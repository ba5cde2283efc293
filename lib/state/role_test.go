package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/crashtest"
)

// play does what a role is about, in the store args[0]; args[1] is the number
// of the process.
func play(role string, args []string) error {
	s := Open(args[0])
	switch role {
	case "hold":
		return holdSlot(s)
	case "alone":
		return enterAlone(s, args[0]+".inside")
	case "take":
		return takeMany(s)
	case "cache":
		return putAndGet(s, args[1])
	case "all":
		return useAll(s)
	case "calls":
		return callsBetweenMarks(s)
	}
	return errors.New("no such role: " + role)
}

// holdSlot holds one of 50 places until it is killed.
func holdSlot(s *Store) error {
	_, err := s.Slot(context.Background(), "k", 50)
	if errors.Is(err, ErrFull) {
		fmt.Println("full")
		return nil
	}
	if err == nil {
		fmt.Println("held")
		time.Sleep(time.Hour)
	}
	return err
}

// enterAlone finds that nobody else is inside while it has the one place.
func enterAlone(s *Store, inside string) error {
	for range 20 {
		slot, err := s.Slot(context.Background(), "alone", 1)
		if errors.Is(err, ErrFull) {
			continue
		}
		if err != nil {
			return err
		}
		f, err := os.OpenFile(inside, os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		f.Close()
		fmt.Println("inside")
		os.Remove(inside)
		slot.Release()
	}
	return nil
}

// takeMany takes from a bucket that does not leak, and from one that is soon
// dry so that the sweeper removes it.
func takeMany(s *Store) error {
	for range 10 {
		ok, _, err := s.Rate("shared", 0, 500).Take(ctx, 1, time.Now())
		if ok {
			fmt.Println("took")
		}
		if _, _, e := s.Rate("fleeting", 1e9, 1).Take(ctx, 1, time.Now()); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putAndGet puts values of its own name under one key and finds no others than
// whole ones.
func putAndGet(s *Store, name string) error {
	c := s.Cache("c")
	for i := range 10 {
		value := strings.Repeat(name+" ", 1+i*300)
		if err := c.Put("k", []byte(value), time.Now(), time.Hour); err != nil {
			return err
		}
		got, ok, err := c.Get("k", time.Now())
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		fmt.Println("hit")
		word, _, _ := strings.Cut(string(got), " ")
		if strings.ReplaceAll(string(got), word+" ", "") != "" {
			return fmt.Errorf("a mixture: %.60q", got)
		}
	}
	return nil
}

// useAll does everything once: all of it new, then again, then swept.
func useAll(s *Store) error {
	ctx := context.Background()
	slot, err := s.Slot(ctx, "k", 1)
	if err != nil {
		return err
	}
	for i := range 2 {
		_, _, errTake := s.Rate("k", 60, 10).Take(ctx, 1, noon)
		errPut := s.Cache("c").Put("k", []byte(fmt.Sprint("value ", i)), noon, time.Hour)
		if err := errors.Join(errTake, errPut); err != nil {
			return err
		}
	}
	slot.Release()
	_, err = s.Sweep(ctx, noon.Add(100*time.Hour))
	return err
}

// callsBetweenMarks does what a session does with keys that exist.
func callsBetweenMarks(s *Store) error {
	ctx := context.Background()
	var slot *Slot
	rate, cache := s.Rate("k", 60, 1), s.Cache("c")
	steps := []struct {
		name string
		do   func() error
	}{
		{"slot", func() (err error) { slot, err = s.Slot(ctx, "k", 1); return err }},
		{"full", func() error { s.Slot(ctx, "k", 1); return nil }},
		{"release", func() error { slot.Release(); return nil }},
		{"take", func() error { _, _, err := rate.Take(ctx, 1, noon); return err }},
		{"refused", func() error { _, _, err := rate.Take(ctx, 1, noon); return err }},
		{"peek", func() error { _, _, err := rate.Peek(ctx, 1, noon); return err }},
		{"put", func() error { return cache.Put("k", nil, noon, time.Hour) }},
		{"get", func() error { _, _, err := cache.Get("k", noon); return err }},
	}
	for range 2 { // the second time all files exist
		for _, st := range steps {
			unix.Access(crashtest.Marks+st.name, 0)
			if err := st.do(); err != nil {
				return err
			}
		}
		unix.Access(crashtest.Marks+"between", 0)
		if _, _, err := rate.Take(ctx, -1, noon); err != nil {
			return err
		}
	}
	return nil
}
