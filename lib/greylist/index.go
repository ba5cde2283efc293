package greylist

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"net/netip"
	"os"
)

// The index is a hash table in a file: a head, then buckets of slots. A slot
// says that in the text there is, at an offset, the last line of a key. Whoever
// adds a line adds its slot in place, so that no addition costs more than
// another; a table that grows full is made anew, twice as large.
const (
	indexMagic  = "postern grey 1\n\x00"
	headSize    = 256
	slotSize    = 16 // the hash of the key, and the offset plus 1
	bucketSlots = 16
	bucketSize  = bucketSlots * slotSize
	leastFill   = bucketSlots / 2     // slots of a bucket that are used in a new table, on average
	mostFill    = bucketSlots * 3 / 4 // and beyond which a new one is made
)

var (
	errStale = errors.New("the index is not that of the text")
	errFull  = errors.New("the index is full")
)

// head is what an index says about itself.
type head struct {
	Magic   [16]byte
	Text    textState
	Boot    int64 // when the host was started that wrote it: what is not on disk it has in memory
	_       [8]byte
	Seed    [16]byte
	Buckets uint64
	Used    uint64    // slots
	Bits    [3]uint64 // lengths of prefixes: IPv4 from 0 to 32, IPv6 from 33 on
	Kinds   uint64    // a bit for each kind that has an entry
}

// textState tells one state of the text from another.
type textState struct {
	Inode, Size, Mtime, Ctime uint64
}

// append appends the head, with a sum that tells when it is damaged.
func (h *head) append(p []byte) []byte {
	p, _ = binary.Append(p, binary.LittleEndian, h)
	sum := sha256.Sum256(p)
	return append(p, sum[:]...)
}

// parseHead reads a head.
func parseHead(p []byte) (*head, error) {
	h := new(head)
	n, err := binary.Decode(p, binary.LittleEndian, h)
	if err != nil || string(h.Magic[:]) != indexMagic || !bytes.Equal(p, h.append(nil)[:len(p)]) || n == 0 ||
		h.Buckets == 0 || bits.OnesCount64(h.Buckets) != 1 {
		return nil, errStale
	}
	return h, nil
}

// bootStep is how far the clock may be set without that looking like a new
// start of the host, in seconds.
const bootStep = 10

// current says whether the index is that of a state of the text, and was
// written since the host was started.
func (h *head) current(text textState) bool {
	apart := bootTime() - h.Boot
	return h.Text == text && -bootStep <= apart && apart <= bootStep
}

// headLen is how long a head is, with its sum.
const headLen = 128 + sha256.Size

// prefixBit is where a length of prefixes stands in head.Bits.
func prefixBit(p netip.Prefix) int {
	if p.Addr().Is6() {
		return 33 + p.Bits()
	}
	return p.Bits()
}

// note notes that the table has an entry of this form.
func (h *head) note(e *Entry) {
	h.Kinds |= 1 << e.Kind
	if e.Kind == Net {
		n := prefixBit(e.Net)
		h.Bits[n/64] |= 1 << (n % 64)
	}
}

// keys calls f with all of a kind that a query may find in the table.
func (h *head) keys(kind Kind, w *wanted, f func(key) error) error {
	switch {
	case h.Kinds>>kind&1 == 0:
		return nil
	case kind == Net:
		return h.nets(w.addr, f)
	}
	for _, word := range w.of(kind) {
		if err := f(wordKey(kind, word)); err != nil {
			return err
		}
	}
	return nil
}

// nets calls f with the networks that an address is in, of the lengths that the
// table has.
func (h *head) nets(addr netip.Addr, f func(key) error) error {
	for n := 0; addr.IsValid() && n <= addr.BitLen(); n++ {
		p, _ := addr.Prefix(n)
		bit := prefixBit(p)
		if h.Bits[bit/64]>>(bit%64)&1 == 0 {
			continue
		}
		if err := f(netKey(p)); err != nil {
			return err
		}
	}
	return nil
}

// hash is the hash of a key, never 0. Nobody can make keys that share one
// without knowing the seed.
func (h *head) hash(k key) uint64 {
	var room [64]byte
	sum := sha256.Sum256(append(append(room[:0], h.Seed[:]...), k...))
	return max(1, binary.LittleEndian.Uint64(sum[:]))
}

// table is an index that is open.
type table struct {
	head
	file *os.File
}

// openTable reads the head of an index.
func openTable(f *os.File) (*table, error) {
	var room [headSize]byte
	if _, err := f.ReadAt(room[:headLen], 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = errStale
		}
		return nil, err
	}
	h, err := parseHead(room[:headLen])
	if err != nil {
		return nil, err
	}
	return &table{*h, f}, nil
}

// bucketAt is where a bucket begins.
func (t *table) bucketAt(n uint64) int64 { return headSize + int64(n&(t.Buckets-1))*bucketSize }

// slot finds the slot of a hash, or the free one where it would be. A bucket
// that is full goes on in the next.
func (t *table) slot(hash uint64) (at int64, offset int64, err error) {
	var bucket [bucketSize]byte
	for n := range t.Buckets {
		begin := t.bucketAt(hash + n)
		if _, err := t.file.ReadAt(bucket[:], begin); err != nil {
			return 0, 0, err
		}
		for i := 0; i < bucketSize; i += slotSize {
			h, value := binary.LittleEndian.Uint64(bucket[i:]), binary.LittleEndian.Uint64(bucket[i+8:])
			if h == 0 || h == hash {
				return begin + int64(i), int64(value) - 1, nil
			}
		}
	}
	return 0, 0, errFull
}

// lookup is where the last line of a key begins, less than 0 if there is none.
func (t *table) lookup(k key) (int64, error) {
	_, offset, err := t.slot(t.hash(k))
	return offset, err
}

// insert says where the last line of a key begins from now on.
func (t *table) insert(e *Entry, offset int64) error {
	hash := t.hash(e.key())
	at, old, err := t.slot(hash)
	if err != nil {
		return err
	}
	if old < 0 {
		if t.Used >= t.Buckets*mostFill {
			return errFull
		}
		t.Used++
	}
	t.note(e)
	// In one call, so that nobody sees a half of it.
	_, err = t.file.WriteAt(appendSlot(nil, hash, offset), at)
	return err
}

func appendSlot(p []byte, hash uint64, offset int64) []byte {
	p = binary.LittleEndian.AppendUint64(p, hash)
	return binary.LittleEndian.AppendUint64(p, uint64(offset+1))
}

// writeHead makes what was inserted count for a state of the text.
func (t *table) writeHead(text textState) error {
	t.Text = text
	_, err := t.file.WriteAt(t.head.append(nil), 0)
	return err
}

// builder makes a table in memory.
type builder struct {
	head
	last map[uint64]int64 // offsets by hash
}

func newBuilder() *builder {
	b := &builder{last: make(map[uint64]int64)}
	copy(b.Magic[:], indexMagic)
	b.Boot = bootTime()
	rand.Read(b.Seed[:])
	return b
}

func (b *builder) add(e *Entry, offset int64) {
	b.note(e)
	b.last[b.hash(e.key())] = offset
}

// bytes is the file.
func (b *builder) bytes(text textState) []byte {
	b.Text, b.Used, b.Buckets = text, uint64(len(b.last)), 1
	for b.Buckets*leastFill < b.Used {
		b.Buckets *= 2
	}
	file := make([]byte, headSize+b.Buckets*bucketSize)
	copy(file, b.head.append(nil))
	for hash, offset := range b.last {
		b.place(file[headSize:], hash, offset)
	}
	return file
}

// place puts a slot into the first free place from its bucket on.
func (b *builder) place(slots []byte, hash uint64, offset int64) {
	at := hash & (b.Buckets - 1) * bucketSize
	for binary.LittleEndian.Uint64(slots[at:]) != 0 {
		at = (at + slotSize) % uint64(len(slots))
	}
	appendSlot(slots[at:at], hash, offset)
}
