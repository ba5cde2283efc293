package main

import (
	"path/filepath"

	"postern/lib/greylist"
)

// completeGreylist fills in where the lists are.
func (c *config) completeGreylist() error {
	return c.greylist.Complete(filepath.Join(c.places.Lib(), "grey"))
}

// openGreylist is the lists that strangers are kept on; nil when they are not.
func (c *config) openGreylist() *greylist.Store {
	if !c.greylist.Wanted() {
		return nil
	}
	return greylist.Open(c.greylist)
}
