package queue

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"postern/lib/smtp"
)

// placeKick holds an empty file for each domain whose mail is asked for.
const placeKick = "kick"

// KickID is announced, in the place of an entry, when there are domains to be
// taken with Kicked.
const KickID = "kick"

// maxKicks bounds the domains that are asked for at once, whoever asks.
const maxKicks = 100

// ErrBusy is Kick's when too many domains are asked for already.
var ErrBusy = errors.New("too many domains are asked for")

// Kick asks that all that waits for a domain be tried soon, due or not
// (RFC 1985). It looks for no mail and waits for nothing; asked again before
// that is done, it does nothing. The domain is a name, not a literal.
func (q *Queue) Kick(domain string) error {
	if err := smtp.CheckDomain(domain, false); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if err := q.mkdir(placeKick); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if names, err := q.kicks(); err != nil {
		return fmt.Errorf("queue: %w", err)
	} else if len(names) >= maxKicks {
		return fmt.Errorf("queue: %w", ErrBusy)
	}
	f, err := q.root.OpenFile(placeKick+"/"+strings.ToLower(domain), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	q.Wake(KickID)
	return f.Close()
}

// Kicked takes the domains that are asked for: nobody is given them again.
// What is no domain is removed, and not given.
func (q *Queue) Kicked() (domains []string, err error) {
	names, err := q.kicks()
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	for _, name := range names {
		if err := q.root.Remove(placeKick + "/" + name); err != nil {
			continue // another has taken it
		}
		if smtp.CheckDomain(name, false) == nil {
			domains = append(domains, name)
		}
	}
	return domains, nil
}

// kicks are the names in the folder, at most maxKicks of them.
func (q *Queue) kicks() ([]string, error) {
	d, err := q.root.Open(placeKick)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(maxKicks)
	if err == io.EOF {
		return nil, nil
	}
	return names, err
}
