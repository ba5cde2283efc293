package greylist

import (
	"context"
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// eachEntry calls f with every entry of those that have come once.
func (s *Store) eachEntry(ctx context.Context, f func(name string, st *unix.Stat_t) error) error {
	return s.walk(ctx, f, func(string) error { return nil })
}

// walk calls f with every entry, and after with every folder when it has gone
// through it.
func (s *Store) walk(ctx context.Context, f func(name string, st *unix.Stat_t) error, after func(folder string) error) error {
	return s.eachName(ctx, greyFolder, func(local string) error {
		err := s.eachName(ctx, local, func(remote string) error {
			err := s.eachName(ctx, remote, func(name string) error {
				st, err := s.stat(name)
				if err != nil {
					return ignoreMissing(err)
				}
				return f(name, &st)
			})
			return errors.Join(err, after(remote))
		})
		return errors.Join(err, after(local))
	})
}

// eachName calls f with the path of every name in a folder until there is an
// error or ctx is done. What is no folder is passed over.
func (s *Store) eachName(ctx context.Context, folder string, f func(path string) error) error {
	names, err := s.list(folder)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(folder + "/" + name); err != nil {
			return err
		}
	}
	return err
}

// prune removes a folder if it is empty.
func (s *Store) prune(folder string) error {
	err := s.remove(folder, unix.AT_REMOVEDIR)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	return err
}
