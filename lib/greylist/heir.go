package greylist

import "postern/lib/safefile"

// What root makes belongs to the owner of the store's folder: smtpd, which is
// somebody else, has to write it.

func (s *Store) heirNow() safefile.Heir {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heir
}

// give gives away a file that may have been made.
func (s *Store) give(fd int, name string) error {
	return s.wrap("chown", name, s.heirNow().Give(fd))
}

// giveFolder gives away a folder that was made in one that is open.
func (s *Store) giveFolder(dir int, name, whole string) error {
	return s.wrap("chown", whole, s.heirNow().GiveFolder(dir, name))
}
