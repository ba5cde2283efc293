package dns

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Config says whom a resolver asks, and how patiently. Zero fields have the
// defaults that stand beside them.
type Config struct {
	Servers []netip.AddrPort // recursive name servers in order of preference; 127.0.0.1:53
	Try     time.Duration    // how long one server is waited for; 2 s
	Rounds  int              // how often all servers are asked in turn, each time for at least half of Try; 2
	Limit   time.Duration    // time limit of a whole question, besides the context's; 20 s
	Window  int              // questions on their way at once, more would overrun socket buffers; 128, at most 512
	Cache   int              // answers kept; 4096, with Direct 128, negative for none
	Trust   bool             // believe every server's word on DNSSEC, not only that of one on this host
	TCP     bool             // ask by TCP alone
	Direct  bool             // see Direct

	now func() time.Time
	mix bool // tests: mix letter cases for servers on this host too
}

func (c Config) withDefaults() Config {
	if len(c.Servers) == 0 {
		c.Servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 53)}
	}
	c.Try = cmp.Or(c.Try, 2*time.Second)
	c.Rounds = cmp.Or(c.Rounds, 2)
	c.Limit = cmp.Or(c.Limit, 20*time.Second)
	c.Window = min(cmp.Or(c.Window, 128), maxWindow)
	if c.Direct {
		c.Cache = cmp.Or(c.Cache, 128)
	}
	c.Cache = cmp.Or(c.Cache, 4096)
	if c.now == nil {
		c.now = time.Now
	}
	return c
}

// maxWindow bounds Window.
const maxWindow = 512

// New returns a Resolver that asks name servers by UDP, and by TCP what does
// not fit (RFC 7766). It opens one socket for each server that it needs, when
// it needs it, and closes those that are idle.
func New(config Config) Resolver {
	return newClient(config).lookups()
}

// client asks recursive name servers.
type client struct {
	config  Config
	servers []*server
	first   atomic.Int32 // index of the server that answered last
	window  window
	memory  memory
}

func newClient(config Config) *client {
	config = config.withDefaults()
	c := &client{config: config, window: window{free: config.Window}, memory: newMemory(config.Cache)}
	for _, addr := range config.Servers {
		addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
		local := addr.Addr().IsLoopback()
		c.servers = append(c.servers, &server{
			addr:  addr,
			mix:   !local || config.mix,
			trust: local || config.Trust,
			tcp:   config.TCP,

			direct: config.Direct && canDirect,
			window: &c.window,
		})
	}
	return c
}

func (c *client) lookups() lookups { return lookups{query: c.query, all: c.all} }

// query answers from memory, waits for the same question that somebody else
// has asked already, or asks.
func (c *client) query(ctx context.Context, name string, t Type) (Answer, error) {
	k := key{name, t}
	for {
		r, f, mine := c.memory.find(k, c.config.now())
		switch {
		case f == nil:
			return r.Answer, r.Err
		case mine:
			return c.lead(ctx, f)
		}
		select {
		case <-f.done:
			if !f.given {
				continue // who asked gave up before there was an answer
			}
			return f.Answer.clone(), f.Err
		case <-ctx.Done():
			return Answer{}, temporary(k, "gave up waiting")
		}
	}
}

// lead asks for itself and for all who wait for f.
func (c *client) lead(ctx context.Context, f *flight) (Answer, error) {
	defer func() { c.memory.land(f, c.config.now()) }()
	a, err := c.ask(ctx, f.key)
	f.set(a, err, ctx.Err() == nil)
	return a.clone(), err
}

func (c *client) ask(ctx context.Context, k key) (Answer, error) {
	end := time.Now().Add(c.config.Limit)
	if !c.window.enter(ctx, 1, end) {
		return Answer{}, temporary(k, "gave up waiting")
	}
	defer c.window.leave(1)
	reason := ""
	for i := range c.config.Rounds {
		start := time.Now()
		m, trusted, silent, err := c.round(ctx, k, end)
		if err == nil {
			return read(&m, k, trusted)
		}
		reason = err.Error()
		if done(ctx, end) || !silent || i+1 == c.config.Rounds {
			break
		}
		breathe(ctx, start.Add(c.config.Try/2))
	}
	return Answer{}, temporary(k, reason)
}

// breathe waits until a time, for a round that was over sooner: a port that is closed
// says so at once, and a server that is being started again listens soon.
func breathe(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// done tells that there is no time left. A context says so only after its timer
// has had its turn.
func done(ctx context.Context, end time.Time) bool {
	if limit, ok := ctx.Deadline(); ok && limit.Before(end) {
		end = limit
	}
	return ctx.Err() != nil || !time.Now().Before(end)
}

// round asks each server once, the one that answered last first. silent tells
// that asking again may help: not all of those that failed said so themselves.
func (c *client) round(ctx context.Context, k key, end time.Time) (m message, trusted, silent bool, err error) {
	start := int(c.first.Load())
	var whys []string
	for i := range c.servers {
		n := (start + i) % len(c.servers)
		s := c.servers[n]
		m, err = s.exchange(ctx, k, min(c.config.Try, time.Until(end)))
		if err == nil && usable(&m) {
			if n != start {
				c.first.Store(int32(n))
			}
			return m, s.trust, false, nil
		}
		if err == nil {
			err = errors.New("answers " + rcodeName(m.rcode))
		} else {
			silent = true
		}
		whys = append(whys, s.addr.String()+" "+err.Error())
		if done(ctx, end) {
			break
		}
	}
	return message{}, false, silent, errors.New(strings.Join(whys, ", "))
}

// usable tells an answer from a server's refusal or failure, after which the
// next one is asked. That a zone's signatures are wrong is an answer.
func usable(m *message) bool {
	return m.rcode == rcodeSuccess && !m.lame() || m.rcode == rcodeNameError || m.bogus
}

func temporary(k key, why string) *Error {
	return &Error{Name: printable(k.name), Type: k.t, Kind: ErrTemporary, Reason: why}
}

// rcodeName is a code as people know it. Success that is not usable is lame.
func rcodeName(rcode int) string {
	switch rcode {
	case rcodeSuccess:
		return "with a referral"
	case rcodeFormatError:
		return "FORMERR"
	case rcodeServerFailure:
		return "SERVFAIL"
	case rcodeNotImplemented:
		return "NOTIMP"
	case rcodeRefused:
		return "REFUSED"
	}
	return "code " + strconv.Itoa(rcode)
}
