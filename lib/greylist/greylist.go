// Package greylist tells strangers to come again: who does, after some
// minutes, is put on the whitelist and is no stranger any more. It is the
// greylist of Plan 9's smtpd, for many processes that share one folder:
//
//	whitelist                    text, see whitelist(5)
//	tmp/LOCAL/REMOTE/RECIPIENT   empty: came at its mtime, and last at its atime
//	whitelist.index              where in the text what stands
//	count                        as long as tmp has entries
//	lock, expired                who changes the whitelist, who sweeps
//
// LOCAL and REMOTE are addresses, RECIPIENT is safefile.Name of the recipient.
// The whitelist is only appended to, except by Expire; a person may edit it at
// any time. It is the truth: the index is made anew when it is another file or
// has another size or time stamp than the index knows of, and what the index
// finds is read in the text.
//
// Processes may be killed anywhere. Errors wrap the system's error number. A
// store that cannot be used is for the caller to pass by: nobody's mail should
// wait for our disk.
package greylist

import (
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"postern/lib/dns"
	"postern/lib/safefile"
)

// State is what is known of a client and a recipient.
type State uint8

const (
	// New has not been seen before, or too long ago.
	New State = iota
	// Early has come again too early.
	Early
	// Pass has come again, and is on the whitelist from now on.
	Pass
	// White is on the whitelist.
	White
)

// String is the word in records (greylist=).
func (s State) String() string { return [...]string{"new", "early", "pass", "white"}[s] }

// Query is what is asked about.
type Query struct {
	Local  netip.Addr // our end of the connection, if it is known
	Remote netip.Addr // the client
	// Name waits for the client's verified name, "" when it has none. It may
	// be nil, and is called only when the name matters.
	Name      func() string
	Sender    string
	Recipient string
	// SPF is the sender's domain when SPF says that the client may send for
	// it.
	SPF string
}

// Decision is the answer.
type Decision struct {
	State State
	Wait  time.Duration // of New and Early: until it passes
	Entry Entry         // of White
	// Full says that there are too many entries, and that this one was not
	// kept.
	Full bool
}

// Deferred says whether the client is told to come again.
func (d *Decision) Deferred() bool { return d.State < Pass }

// Store is the folder. Many goroutines may use it.
type Store struct {
	Config

	base  *safefile.Base
	mu    sync.Mutex
	count *os.File // countName, once it was needed
	local *os.File // the folder of the address that was last asked about
	view  *sharedView
}

// Open is the store of a configuration. Nothing is opened before it is needed;
// a folder that does not exist is made with the first entry.
func Open(c Config) *Store {
	return &Store{Config: c, base: safefile.NewBase(c.Dir, folderMode)}
}

// skew is by how much the clocks of two processes may differ because one waited
// longer between looking at its clock and at the store. What is farther in the
// future is from before the clock was set back.
const skew = time.Minute

// Check decides about a client and a recipient, and remembers them. Together
// with an error the decision is Pass or White when that much is certain.
func (s *Store) Check(q *Query, now time.Time) (Decision, error) {
	d, err := s.white(q)
	if err != nil {
		return d, err
	}
	if d.State == White {
		return d, s.refresh(d.Entry, now)
	}
	return s.meet(q, now)
}

// overtaken looks again whether the client is listed: another process may just
// have put it there and taken its entry away, which was then made again.
func (s *Store) overtaken(q *Query, d Decision) (Decision, error) {
	again, err := s.white(q)
	if err != nil || again.State != White {
		return d, err
	}
	if d.State == New {
		err = s.remove(s.entryName(q), 0)
	}
	return again, err
}

// Look decides as Check would, and remembers nothing.
func (s *Store) Look(q *Query, now time.Time) (Decision, error) {
	d, err := s.white(q)
	if err != nil || d.State == White {
		return d, err
	}
	return s.peek(q, now)
}

// white looks for the client on the whitelist; the decision is White or New.
func (s *Store) white(q *Query) (Decision, error) {
	e, ok, err := s.find(newWanted(q))
	if err != nil || !ok {
		return Decision{Wait: s.Delay}, err
	}
	return Decision{State: White, Entry: e}, nil
}

// judge is the decision about an entry that was made at a time. stale says that
// the entry begins anew: it is too old, or from before the clock was set back.
func (s *Store) judge(made, now time.Time) (d Decision, stale bool) {
	age := now.Sub(made)
	switch {
	case age < -skew, age > s.Window:
		return Decision{State: New, Wait: s.Delay}, true
	case max(age, 0) < s.Delay:
		return Decision{State: Early, Wait: s.Delay - max(age, 0)}, false
	}
	return Decision{State: Pass}, false
}

// greyFolder holds those that have come once.
const greyFolder = "tmp"

// entryName is where the entry of a client and a recipient lies.
func (s *Store) entryName(q *Query) string {
	return greyFolder + "/" + addressName(q.Local) + "/" + s.remoteName(q) + "/" + safefile.Name(dns.FoldAddress(q.Recipient))
}

// remoteName is the folder of a client: its address, that of its network, or
// the domain for which it may send.
func (s *Store) remoteName(q *Query) string {
	if s.bySPF(q) {
		return safefile.Name(dns.FoldAddress(q.SPF))
	}
	addr := plain(q.Remote)
	if addr.IsValid() && (s.ByNet || addr.Is6()) {
		addr = usualNet(addr).Addr()
	}
	return addressName(addr)
}

// bySPF says whether the sender's domain counts, not the host. It stands on the
// whitelist later.
func (s *Store) bySPF(q *Query) bool { return s.BySPF && oneWord(q.SPF) }

// entry is the line by which a client gets onto the whitelist.
func (s *Store) entry(q *Query, delay time.Duration, now time.Time) Entry {
	e := Entry{Since: now, Delay: delay}
	if s.bySPF(q) {
		e.Kind, e.Word = Domain, dns.FoldAddress(q.SPF)
		return e
	}
	e.Kind, e.Name, e.bare = Net, q.name(), plain(q.Remote)
	e.Net = usualNet(e.bare)
	return e
}

func (q *Query) name() string {
	if q.Name == nil {
		return ""
	}
	return q.Name()
}

// Exempt says whether a recipient is never refused: everybody can write to
// the postmaster (RFC 5321 4.5.1).
func Exempt(recipient string) bool {
	user, _ := cutAddress(recipient)
	return strings.EqualFold(user, "postmaster")
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func addressName(a netip.Addr) string {
	if !a.IsValid() {
		return "unknown"
	}
	return plain(a).String()
}

// usualNet is the network that a bare address stands for: big senders come
// again from a neighbour, and a client has an IPv6 /64.
func usualNet(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
