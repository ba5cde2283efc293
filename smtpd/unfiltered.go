package main

import (
	"context"
	"os"
	"path/filepath"

	"postern/lib/deliver"
	"postern/lib/smtp"
)

// noFilter is the file in a user's Maildir by which he asks for all mail, whatever
// the postmaster's lists say.
const noFilter = "nospamfiltering"

// unfiltered says whether mail for m goes to users only who have asked for
// everything that comes.
func (srv *server) unfiltered(ctx context.Context, m smtp.Mailbox) bool {
	list, err := srv.mail.Route(ctx, m)
	if err != nil || len(list) == 0 {
		return false
	}
	for _, dest := range list {
		if dest.Kind != deliver.Maildir || !exists(filepath.Join(dest.Path, noFilter)) {
			return false
		}
	}
	return true
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
