package mtasts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postern/lib/dns"
	"postern/lib/state"
)

const (
	// refresh is after how long a policy is looked at again though its id is
	// the same, so that it does not run out (RFC 8461 3.3).
	refresh = 24 * time.Hour
	// again is how long a policy that could not be fetched is left alone
	// (RFC 8461 3.3).
	again = 5 * time.Minute
)

// Finder finds the policies of domains. Many goroutines may use it.
type Finder struct {
	Resolver dns.Resolver
	Cache    *state.Cache // nil for none
	// Fetch gets the text of a domain's policy by HTTPS; Program makes one.
	Fetch func(ctx context.Context, domain string) ([]byte, error)
	Now   func() time.Time // nil for time.Now
	// Log is told what went wrong where the policy was found all the same,
	// or mail goes without one (RFC 8461 3.3); nil for nobody.
	Log func(domain string, err error)
}

// Find returns the policy that is in force for mail to a domain, nil when
// there is none. One question is asked of the DNS; Fetch is called only for a
// policy that is new, has changed, or has not been looked at for a day. While
// it fails, the policy that is known stays in force until its time is over.
func (f *Finder) Find(ctx context.Context, domain string) *Policy {
	domain = dns.ToASCII(domain)
	if domain == "" || domain[0] == '[' {
		return nil
	}
	known := f.known(domain)
	txt, err := f.Resolver.LookupTXT(ctx, Label+domain)
	if err != nil && !errors.Is(err, dns.ErrNotFound) {
		f.log(domain, err)
	}
	id, announced := ID(txt)
	if announced && !f.current(known, id) && !f.failedLately(domain, id) {
		if p, err := f.fetch(ctx, domain, id); err == nil {
			return p.inForce()
		} else if known == nil {
			f.log(domain, err)
		} else {
			f.log(domain, fmt.Errorf("%w; the policy that is known stays in force", err))
		}
	}
	if known == nil {
		return nil
	}
	return known.policy.inForce()
}

// inForce is nil for a domain that has taken its policy back.
func (p Policy) inForce() *Policy {
	if p.Mode == None {
		return nil
	}
	return &p
}

// entry is a policy as the cache has it: a line of its id and when it was
// fetched, then its text.
type entry struct {
	id      string
	fetched time.Time
	policy  Policy
}

func (e entry) text() []byte {
	return fmt.Appendf(nil, "%s %d\n%s", e.id, e.fetched.Unix(), e.policy)
}

func parseEntry(value []byte) (entry, error) {
	head, text, _ := bytes.Cut(value, []byte("\n"))
	id, stamp, _ := strings.Cut(string(head), " ")
	n, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return entry{}, err
	}
	p, err := Parse(text)
	return entry{id, time.Unix(n, 0), p}, err
}

// known is what the cache has and has not expired.
func (f *Finder) known(domain string) *entry {
	if f.Cache == nil {
		return nil
	}
	value, ok, err := f.Cache.Get(domain, f.now())
	if err != nil {
		f.log(domain, err)
	}
	if !ok {
		return nil
	}
	e, err := parseEntry(value)
	if err != nil {
		return nil // as if it were not there: it can be fetched again
	}
	return &e
}

// current reports whether there is no reason to fetch.
func (f *Finder) current(known *entry, id string) bool {
	return known != nil && known.id == id && f.now().Sub(known.fetched) < refresh
}

// failed is in front of the key under which the id is kept that could not be
// fetched.
const failed = "failed@"

func (f *Finder) failedLately(domain, id string) bool {
	if f.Cache == nil {
		return false
	}
	value, ok, _ := f.Cache.Get(failed+domain, f.now())
	return ok && string(value) == id
}

// fetch gets a policy and keeps it; that it cannot be had is kept too.
func (f *Finder) fetch(ctx context.Context, domain, id string) (Policy, error) {
	text, err := f.Fetch(ctx, domain)
	var p Policy
	if err == nil {
		p, err = Parse(text)
	}
	if err != nil {
		if ctx.Err() == nil {
			f.keep(domain, failed+domain, []byte(id), again)
		}
		return p, err
	}
	f.keep(domain, domain, entry{id, f.now(), p}.text(), p.MaxAge)
	return p, nil
}

// keep puts a value into the cache, which fails open.
func (f *Finder) keep(domain, key string, value []byte, ttl time.Duration) {
	if f.Cache == nil {
		return
	}
	if err := f.Cache.Put(key, value, f.now(), ttl); err != nil {
		f.log(domain, err)
	}
}

func (f *Finder) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

func (f *Finder) log(domain string, err error) {
	if f.Log != nil {
		f.Log(domain, err)
	}
}
