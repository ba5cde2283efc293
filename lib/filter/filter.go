// Package filter is the folder in which programs without any privilege ask
// for clients to be kept out by the packet filter. One that has the privilege,
// smtpfilter, reads it. There is a file for each client, named by its address:
//
//	192.0.2.1       2026-11-21T13:00:00Z MaxErrorsPerIP
//	2001:db8:1:2::  2026-11-21T13:00:00Z MaxConPerIP
//
// An IPv6 address stands for its /64. In the file are the time when the client
// is to be let in again, and why it is not before. To remove the file lets it
// in at once.
package filter

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"postern/lib/safefile"
)

const (
	// Longest is for how long a client may be kept out. A time in a file that
	// is farther away is a mistake, or was written before the clock was set
	// back, and is not obeyed.
	Longest = 24 * time.Hour
	// MaxEntries bounds the clients that are kept out at once, and the files
	// in the folder.
	MaxEntries = 16384
	// maxText bounds what is read of a file, in octets.
	maxText = 256
)

// ErrFull is Ask's when there are MaxEntries files already.
var ErrFull = errors.New("too many clients are kept out already")

// Entry is a client to be kept out.
type Entry struct {
	Net     netip.Prefix // an IPv4 address, or an IPv6 /64
	Expires time.Time
	Reason  string // one word: the limit that was reached
}

// Net is the network that is kept out because of one of its addresses.
func Net(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return netip.PrefixFrom(a, 32)
	}
	return netip.PrefixFrom(a, 64).Masked()
}

// Name is the entry as packet filters are told of it: an IPv4 address, or an
// IPv6 network with its length.
func (e Entry) Name() string {
	if e.Net.Addr().Is4() {
		return e.Net.Addr().String()
	}
	return e.Net.String()
}

// Fresh says whether the client is still to be kept out.
func (e Entry) Fresh(now time.Time) bool {
	return now.Before(e.Expires) && e.Expires.Sub(now) <= Longest+time.Minute
}

// file is the entry's place in the folder.
func (e Entry) file(dir string) string {
	return filepath.Join(dir, e.Net.Addr().String())
}

// Ask asks for a client to be kept out, in place of what was asked before. The
// folder is made if need be, for its group to read and remove files from.
func Ask(dir string, e Entry) error {
	text := e.Expires.UTC().Format(time.RFC3339) + " " + e.Reason + "\n"
	err := write(e.file(dir), text)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFolder(dir); err != nil {
		return err
	}
	return write(e.file(dir), text)
}

// write writes a file, unless it is a new one in a folder that is full.
func write(name, text string) error {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		dir := filepath.Dir(name)
		names, err := list(dir)
		if err == nil && len(names) >= MaxEntries {
			err = fmt.Errorf("%s: %w", dir, ErrFull)
		}
		if err != nil {
			return err
		}
	}
	// The folder keeps others away, and smtpfilter is another user than who asks.
	return safefile.WriteFile(name, []byte(text), 0o644)
}

// makeFolder makes the folder as it is to be, whatever the umask and even if
// root is the first to ask.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o770); err != nil {
		return err
	}
	return errors.Join(os.Chmod(dir, 0o770), safefile.Inherit(dir))
}

// List is what is asked for, sorted, whether fresh or not. What is no file of
// ours, or damaged, is left out and named in the error; none of it keeps List
// from the rest. A folder that does not exist asks for nothing.
func List(dir string) ([]Entry, error) {
	names, err := list(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	errs := []error{err}
	var entries []Entry
	for _, name := range names {
		e, err := read(dir, name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile
		case err != nil:
			errs = append(errs, err)
		case len(entries) < MaxEntries:
			entries = append(entries, e)
		}
	}
	return entries, errors.Join(errs...)
}

// list is the names in the folder, without those that are not finished.
func list(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(2 * MaxEntries)
	if err == io.EOF {
		err = nil
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, ".") })
	slices.Sort(names)
	return names, err
}

// read reads one file.
func read(dir, name string) (Entry, error) {
	path := filepath.Join(dir, name)
	a, err := netip.ParseAddr(name)
	if err != nil || a.Zone() != "" || Net(a).Addr().String() != name {
		return Entry{}, fmt.Errorf("%s: not named by a client's address", path)
	}
	f, err := safefile.OpenRegular(path, os.O_RDONLY, 0)
	if err != nil {
		return Entry{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxText))
	if err != nil {
		return Entry{}, err
	}
	return parse(path, a, string(text))
}

// parse reads the text of a file: a time and a word.
func parse(path string, a netip.Addr, text string) (Entry, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Entry{}, fmt.Errorf("%s: empty", path)
	}
	at, err := time.Parse(time.RFC3339, words[0])
	if err != nil {
		return Entry{}, fmt.Errorf("%s: %q is not a time like 2026-11-21T13:00:00Z", path, words[0])
	}
	e := Entry{Net: Net(a), Expires: at}
	if len(words) > 1 {
		e.Reason = words[1]
	}
	return e, nil
}

// Remove takes back what was asked for.
func Remove(dir string, e Entry) error {
	if err := os.Remove(e.file(dir)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
