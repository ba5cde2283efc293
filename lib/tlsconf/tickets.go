package tlsconf

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"postern/lib/safefile"
)

// Of the ticket file.
const (
	maxTicketFile = 4 << 10
	// ticketSteps is how many keys are made in the life of a ticket: so many
	// are kept, and a ticket is good for that life less one step at least.
	ticketSteps = 4
	maxTickets  = 2 * ticketSteps
)

// TicketKeys is a file of the keys that session tickets are encrypted with
// (RFC 8446 4.6.1, RFC 5077), so that one process resumes what another began.
// Its lines are the time at which a key was made, in seconds since 1970, and
// the key in hexadecimal; the first line is of the key that encrypts. Whoever
// finds that one old puts a new one in front.
type TicketKeys struct {
	Path string        // made with mode 0600 when it is missing; root makes it its folder's owner's
	Life time.Duration // how long a ticket is good for at most; above 7 days is 7 days
	// Optional has a file that cannot be made or opened mean that no session
	// is resumed, and is no error.
	Optional bool
}

// ticketKey is a line of the file.
type ticketKey struct {
	made time.Time
	key  [32]byte
}

// Load gives the keys, the one that encrypts first, after a new one was made
// if it was time. With an error there may be keys all the same: the old ones.
func (t *TicketKeys) Load(now time.Time) ([][32]byte, error) {
	f, err := safefile.OpenRegular(t.Path, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if err = t.create(now); err == nil {
			f, err = safefile.OpenRegular(t.Path, os.O_RDONLY, 0)
		}
	}
	if err != nil {
		return nil, t.notThere(err)
	}
	defer f.Close()
	keys, err := t.read(f)
	if err != nil {
		return nil, err
	}
	keys = t.alive(keys, now)
	if len(keys) == 0 || now.Sub(keys[0].made) >= t.Life/ticketSteps {
		keys, err = t.rotate(f, keys, now)
	}
	return bare(keys), err
}

// notThere is the error of a file that cannot be opened, if it is one.
func (t *TicketKeys) notThere(err error) error {
	if t.Optional && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		return nil
	}
	return fmt.Errorf("ticket keys: %w", err)
}

// create makes the file with a first key. Another process may be quicker.
func (t *TicketKeys) create(now time.Time) error {
	return safefile.MakeOnce(t.Path, formatTickets([]ticketKey{newTicketKey(now)}), 0o600)
}

// read reads the keys. Lines that are none are left out: at worst all keys
// are lost, and sessions begin from nothing.
func (t *TicketKeys) read(f *os.File) ([]ticketKey, error) {
	data, info, err := safefile.ReadTrusted(f, maxTicketFile, 0o022)
	if err != nil {
		return nil, fmt.Errorf("ticket keys: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("ticket keys: %s: others may read it (mode %v); remove it, and it is made anew", t.Path, info.Mode().Perm())
	}
	return parseTickets(data), nil
}

// alive leaves out keys that are too old, and those of a clock that was ahead.
func (t *TicketKeys) alive(keys []ticketKey, now time.Time) (alive []ticketKey) {
	for _, k := range keys {
		if age := now.Sub(k.made); age > -t.Life/ticketSteps && age < t.Life && len(alive) < maxTickets {
			alive = append(alive, k)
		}
	}
	return alive
}

// rotate puts a new key in front, unless another process is doing it or has
// done it. f is the file that keys were read from.
func (t *TicketKeys) rotate(f *os.File, keys []ticketKey, now time.Time) ([]ticketKey, error) {
	if err := safefile.TryLock(f); err != nil {
		if errors.Is(err, safefile.ErrLocked) {
			err = nil
		}
		return keys, err
	}
	if info, err := f.Stat(); err != nil || !sameFile(t.Path, info) {
		return keys, err // replaced since we opened it; the next session reads that one
	}
	fresh := append([]ticketKey{newTicketKey(now)}, keys...)
	heir, err := safefile.HeirAt(filepath.Dir(t.Path))
	if err == nil {
		err = heir.WriteFile(t.Path, formatTickets(fresh), 0o600)
	}
	if err != nil {
		return keys, fmt.Errorf("ticket keys: %w", err)
	}
	return fresh, nil
}

// sameFile says whether the file is still the one at name.
func sameFile(name string, info fs.FileInfo) bool {
	now, err := os.Lstat(name)
	return err == nil && os.SameFile(now, info)
}

func newTicketKey(now time.Time) ticketKey {
	k := ticketKey{made: now}
	rand.Read(k.key[:]) // never fails
	return k
}

func formatTickets(keys []ticketKey) []byte {
	var b []byte
	for _, k := range keys {
		b = strconv.AppendInt(b, k.made.Unix(), 10)
		b = append(b, ' ')
		b = hex.AppendEncode(b, k.key[:])
		b = append(b, '\n')
	}
	return b
}

func parseTickets(data []byte) (keys []ticketKey) {
	for line := range bytes.Lines(data) {
		made, secret, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
		seconds, err := strconv.ParseInt(made, 10, 64)
		key, err2 := hex.DecodeString(secret)
		if !ok || err != nil || err2 != nil || len(key) != len(ticketKey{}.key) {
			continue
		}
		keys = append(keys, ticketKey{time.Unix(seconds, 0), [32]byte(key)})
	}
	return keys
}

// bare leaves the times out.
func bare(keys []ticketKey) [][32]byte {
	list := make([][32]byte, len(keys))
	for i, k := range keys {
		list[i] = k.key
	}
	return list
}
