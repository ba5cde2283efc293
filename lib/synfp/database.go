package synfp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// System is the operating system that a fingerprint tells of. Parts that a
// database does not give are empty.
type System struct {
	Name, Version, Subtype string
	Details                string // the whole, for people
	Group                  bool   // a rough guess
}

// String is the system in words, "Linux 4.19 or later".
func (s System) String() string {
	if s.Details != "" {
		return s.Details
	}
	return strings.Join(strings.Fields(s.Name+" "+s.Version+" "+s.Subtype), " ")
}

// Database tells systems by their fingerprints. The nil one knows none.
type Database struct{ entries []entry }

type entry struct {
	pattern
	system System
}

// UsualMTU is the MTU of Ethernet, which most hosts have behind whatever their
// packets passed.
const UsualMTU = 1500

// Name is the first system of the database that sends such a SYN. A window may
// be a multiple of the MSS or of the MTU; the MTU is tried as the MSS tells it,
// with the headers' octets added, and as mtu, unless that is 0.
func (d *Database) Name(f *Fingerprint, mtu int) (s System, ok bool) {
	if d == nil {
		return s, false
	}
	for i := range d.entries {
		if d.entries[i].fits(f, mtu) {
			return d.entries[i].system, true
		}
	}
	return s, false
}

// Len is the number of signatures.
func (d *Database) Len() int { return len(d.entries) }

// Bounds of a database.
const (
	maxLine    = 1024
	maxEntries = 20000
)

var errEntries = errors.New("too many signatures")

// Read reads a database, a file of OpenBSD's pf.os(5) or of p0f 3, which the
// latter's lines "classes = ..." and "[tcp:request]" tell apart. All errors are
// returned, at most some, each with the number of its line; the signatures that
// were understood are usable all the same.
func Read(r io.Reader) (*Database, error) {
	var (
		d    Database
		errs []error
		p0f  p0fReader
		lose int
	)
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, maxLine), maxLine)
	for n := 1; in.Scan(); n++ {
		err := d.line(&p0f, in.Text())
		if err == nil {
			continue
		}
		if len(errs) < 20 {
			errs = append(errs, fmt.Errorf("line %d: %w", n, err))
		} else {
			lose++
		}
		if errors.Is(err, errEntries) {
			break
		}
	}
	if lose > 0 {
		errs = append(errs, fmt.Errorf("and %d errors more", lose))
	}
	d.finish(&p0f)
	return &d, errors.Join(append(errs, in.Err())...)
}

// line reads one line in the grammar that the file has shown itself to have.
func (d *Database) line(p *p0fReader, text string) error {
	text = strings.TrimSpace(text)
	if len(d.entries)+len(p.rough) >= maxEntries {
		return errEntries
	}
	if p.starts(text) {
		p.is = true
	}
	if p.is {
		return d.p0fLine(p, text)
	}
	return d.pfLine(text)
}

// finish puts the rough guesses behind the others.
func (d *Database) finish(p *p0fReader) { d.entries = append(d.entries, p.rough...) }
