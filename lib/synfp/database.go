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
	TTL                    uint8  // that its packets begin with; 0 when that varies
	Group                  bool   // a rough guess
	Fuzzy                  bool   // its packets are a little different
	Tool                   bool   // a program that makes its packets itself, on any system
}

// String is the system in words, "Linux 4.19 or later".
func (s System) String() string {
	if s.Details != "" {
		return s.Details
	}
	return strings.Join(strings.Fields(s.Name+" "+s.Version+" "+s.Subtype), " ")
}

// Hops estimates how many routers a packet of the system has passed: what is
// missing of the time to live that its packets begin with, or where that is not
// known what Fingerprint.Hops says.
func (s System) Hops(f *Fingerprint) int {
	if s.TTL < f.TTL || s.TTL-f.TTL > p0fSpread {
		return f.Hops()
	}
	return int(s.TTL - f.TTL)
}

// Database tells systems by their SYNs. The nil one knows none.
type Database struct {
	entries []entry
	rough   []entry // those of p0f's generic labels, which come last
	links   []link
}

type entry struct {
	pattern
	system System
}

// A link is a kind of network that has an MTU.
type link struct {
	mtu  uint16
	name string
}

// add puts an entry into its place.
func (d *Database) add(e entry) {
	if e.p0f != nil && e.system.Group {
		d.rough = append(d.rough, e)
	} else {
		d.entries = append(d.entries, e)
	}
}

// Name is the first system of the database that sends such a SYN. A window may
// be a multiple of the MSS or of the MTU; the MTU is tried as the MSS tells it,
// with the headers' octets added, and as mtu, unless that is 0. Signatures of
// p0f fit as p0f says, with the MTU that it tries.
func (d *Database) Name(f *Fingerprint, mtu int) (s System, ok bool) {
	return d.NameSYN(&SYN{Fingerprint: *f}, mtu)
}

// NameSYN is Name for one who has the packet: it obeys the quirks of p0f's
// signatures too, of which a fingerprint tells few. When no signature fits, one
// that p0f would take for nearly right does.
func (d *Database) NameSYN(s *SYN, mtu int) (System, bool) {
	if d == nil {
		return System{}, false
	}
	var nearly *entry
	v := newView(s, mtu)
	for i := range d.entries {
		e := &d.entries[i]
		switch e.fits(v) {
		case exact:
			return e.system, true
		case fuzzy:
			if nearly == nil {
				nearly = e
			}
		}
	}
	if nearly == nil || nearly.system.Tool {
		return System{}, false
	}
	found := nearly.system
	found.Fuzzy = true
	return found, true
}

// Link is the kind of network that a SYN's MTU is usual of, by p0f's databases;
// "" when there is none.
func (d *Database) Link(s *SYN) string {
	mss := int(s.MSS())
	if d == nil || mss == 0 {
		return ""
	}
	mtu := mss + ip4Header + tcpHeader
	if s.IPv6() {
		mtu = mss + ip6Header + tcpHeader
	}
	for _, l := range d.links {
		if int(l.mtu) == mtu {
			return l.name
		}
	}
	return ""
}

// Len is the number of signatures.
func (d *Database) Len() int { return len(d.entries) }

// Bounds of a database.
const (
	maxLine    = 1024
	maxEntries = 20000
	maxErrors  = 20
)

var errEntries = errors.New("too many signatures")

// Read reads a database, a file of OpenBSD's pf.os(5) or of p0f 3, which the
// latter's lines "classes = ..." and "[tcp:request]" tell apart. All errors are
// returned, at most some, each with the file's name and the number of its line;
// the signatures that were understood are usable all the same.
func Read(name string, r io.Reader) (*Database, error) {
	var (
		d    Database
		p0f  p0fReader
		errs = faults{file: name}
	)
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, maxLine), maxLine)
	n := 1
	for ; in.Scan(); n++ {
		err := d.line(&p0f, in.Text())
		errs.add(n, err)
		if errors.Is(err, errEntries) {
			break
		}
	}
	errs.add(n, in.Err())
	d.entries, d.rough = append(d.entries, d.rough...), nil
	return &d, errs.join()
}

// faults are what is wrong in a file.
type faults struct {
	file string
	list []error // at most maxErrors
	more int
}

func (f *faults) add(line int, err error) {
	switch {
	case err == nil:
	case len(f.list) == maxErrors:
		f.more++
	default:
		f.list = append(f.list, fmt.Errorf("%s:%d: %w", f.file, line, err))
	}
}

func (f *faults) join() error {
	if f.more > 0 {
		f.list = append(f.list, fmt.Errorf("%s: and %d errors more", f.file, f.more))
	}
	return errors.Join(f.list...)
}

// line reads one line in the grammar that the file has shown itself to have.
func (d *Database) line(p *p0fReader, text string) error {
	text = strings.TrimSpace(text)
	if len(d.entries)+len(d.rough) >= maxEntries {
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
