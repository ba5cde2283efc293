package state

import (
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// cacheFolder holds a folder for each cache.
const cacheFolder = "cache"

// MaxValue is how much a cache keeps under one key, in octets.
const MaxValue = 64 << 10

// ErrTooLong is Put's for values longer than MaxValue.
var ErrTooLong = errors.New("the value is too long for a cache")

// firstRead is how much of an entry is read at once; most end before.
const firstRead = 4 << 10

// Cache keeps values under keys until they expire. It may forget any of them
// earlier.
type Cache struct {
	store  *Store
	folder string
}

// Cache is the store's cache of a name.
func (s *Store) Cache(name string) *Cache {
	return &Cache{store: s, folder: cacheFolder + "/" + safefile.Name(name)}
}

// Get finds the value of a key. One that has expired, that was put later than
// now by a clock which was set back since, or whose file is damaged, is not
// there. It waits for nobody, and works in a store that is read-only.
func (c *Cache) Get(key string, now time.Time) (value []byte, ok bool, err error) {
	f, err := c.store.open(keyName(c.folder, key), unix.O_RDONLY)
	if err != nil {
		return nil, false, ignoreMissing(err)
	}
	defer f.close()
	it, err := f.readItem(true)
	if err != nil || !it.fresh(now) || it.label != label(key) {
		return nil, false, err
	}
	return it.value, true, nil
}

// Put keeps a value for a time. One call writes the entry in its place: no
// lock is needed where a write to a file is one step, and where it is not, or
// the process is killed, or the disk is full, the sum in the entry tells.
func (c *Cache) Put(key string, value []byte, now time.Time, ttl time.Duration) error {
	name := keyName(c.folder, key)
	if len(value) > MaxValue {
		return c.store.base.Wrap("write", name, ErrTooLong)
	}
	f, err := c.open(name, now)
	if err != nil {
		return err
	}
	defer f.close()
	it := item{put: now, expires: now.Add(ttl), label: label(key), value: value}
	return f.write(it.append(nil))
}

// open opens an entry's file, which it makes if need be.
func (c *Cache) open(name string, now time.Time) (file, error) {
	f, err := c.store.open(name, unix.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		c.store.relieve(name, now, c.store.reapItem)
		return c.store.create(name)
	}
	return f, err
}

// readItem reads an entry, or its head alone. The item that is not there, or
// damaged, is the zero item, which is not fresh at any time.
func (f file) readItem(whole bool) (item, error) {
	text := make([]byte, firstRead)
	n, err := f.read(text, 0)
	if err != nil {
		return item{}, err
	}
	it, missing := parseHead(text[:n])
	if !whole {
		return it, nil
	}
	if missing > 0 {
		text = append(text[:n], make([]byte, missing)...)
		more, err := f.read(text[n:], int64(n))
		if err != nil {
			return item{}, err
		}
		n += more
	}
	return parseItem(text[:n]), nil
}

// reapItem removes an entry that is not fresh. It needs no lock: if the entry
// is put again meanwhile, it is as if the cache had forgotten it.
func (s *Store) reapItem(name string, now time.Time, force bool) (bool, error) {
	f, err := s.open(name, unix.O_RDONLY)
	if err != nil {
		return false, ignoreMissing(err)
	}
	it, err := f.readItem(false)
	f.close()
	if err != nil || it.fresh(now) && !force {
		return false, err
	}
	return true, s.remove(name)
}
