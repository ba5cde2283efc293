package safefile

import (
	"sync"

	"golang.org/x/sys/unix"
)

// SyncDir makes the names in dir durable. File systems that cannot sync a
// folder are believed not to need it.
func SyncDir(dir string) error {
	fd, err := open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	err = syncFile(fd, dir)
	if unsupported(err) {
		return nil
	}
	return err
}

// Syncer shares the fsync of a folder among goroutines that ask for it at the
// same time: while one is at work, all that come are served by the next. The
// zero value is ready, and a nil *Syncer syncs each time.
type Syncer struct {
	mu   sync.Mutex
	dirs map[string]*dirSync
}

// dirSync is what goes on in one folder.
type dirSync struct {
	users   int         // calls that have not returned
	running sync.Mutex  // held while the folder is synced
	next    *sharedSync // the sync that has not begun, if any
}

// sharedSync is one fsync and those who wait for it.
type sharedSync struct {
	done chan struct{}
	err  error
}

// SyncDir is the function SyncDir; the fsync it returns after began after it
// was called.
func (s *Syncer) SyncDir(dir string) error {
	if s == nil {
		return SyncDir(dir)
	}
	d, shared, first := s.join(dir)
	defer s.leave(dir, d)
	if !first {
		<-shared.done
		return shared.err
	}
	d.running.Lock()
	defer d.running.Unlock()
	// From here on a caller may have made a name that the fsync misses.
	s.mu.Lock()
	d.next = nil
	s.mu.Unlock()
	shared.err = SyncDir(dir)
	close(shared.done)
	return shared.err
}

// join gives the sync of dir that has not begun; whoever is first runs it.
func (s *Syncer) join(dir string) (d *dirSync, shared *sharedSync, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dirs == nil {
		s.dirs = make(map[string]*dirSync)
	}
	d = s.dirs[dir]
	if d == nil {
		d = new(dirSync)
		s.dirs[dir] = d
	}
	d.users++
	if d.next == nil {
		d.next = &sharedSync{done: make(chan struct{})}
		first = true
	}
	return d, d.next, first
}

// leave forgets the folder when nobody is busy with it.
func (s *Syncer) leave(dir string, d *dirSync) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.users--; d.users == 0 {
		delete(s.dirs, dir)
	}
}
