package greylist

// What root makes belongs to the owner of the store's folder: smtpd, which is
// somebody else, has to write it.

// give gives away a file that may have been made.
func (s *Store) give(fd int, name string) error {
	s.mu.Lock()
	h := s.heir
	s.mu.Unlock()
	return s.wrap("chown", name, h.Give(fd))
}

// giveFolder gives away a folder that was made in one that is open.
func (s *Store) giveFolder(dir int, name, whole string) error {
	s.mu.Lock()
	h := s.heir
	s.mu.Unlock()
	return s.wrap("chown", whole, h.GiveFolder(dir, name))
}
