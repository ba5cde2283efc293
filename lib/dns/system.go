package dns

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxServers   = 8 // of resolv.conf(5)
	maxResolv    = 64 << 10
	refreshAfter = 5 * time.Second // how often the files' time stamps are looked at
	defaultPort  = 53
)

// FromSystem returns the resolver that this host is configured for:
// /etc/hosts for addresses and the names of addresses, then the name servers of
// /etc/resolv.conf. The files are read at the first question, and again when
// they have changed.
func FromSystem() Resolver { return fromSystem(false) }

func fromSystem(direct bool) Resolver {
	s := &system{
		resolv: watched{name: "/etc/resolv.conf"},
		hosts:  watched{name: "/etc/hosts"},
		now:    time.Now,
		direct: direct,
	}
	return s.lookups()
}

// Select returns the resolver that a program's flags ask for: a zone file
// (flag -z); else the server, or servers with commas between them, of flag -r
// or $POSTERN_RESOLVER; else the system's.
func Select(server, zone string) (Resolver, error) { return choose(server, zone, false) }

// Direct is Select for a process that asks one thing after the other and ends:
// each question is sent, and its answer waited for, by who asks, in system
// calls, without the goroutines, timers and poller that serve many. It saves a
// fifth of what such a process costs. While it waits, only a deadline of a
// context counts, not that it is cancelled.
func Direct(server, zone string) (Resolver, error) { return choose(server, zone, true) }

func choose(server, zone string, direct bool) (Resolver, error) {
	switch {
	case zone != "":
		f, err := os.Open(zone)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return Zone(f, zone)
	case server != "":
		servers, err := ParseServers(server)
		if err != nil {
			return nil, err
		}
		return New(Config{Servers: servers, Direct: direct}), nil
	}
	return fromSystem(direct), nil
}

// ParseServers reads a list of name servers, each an address, an address:port
// or an [IPv6 address]:port, with commas between them.
func ParseServers(list string) ([]netip.AddrPort, error) {
	var servers []netip.AddrPort
	for word := range strings.SplitSeq(list, ",") {
		s, err := parseServer(strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		servers = append(servers, s)
	}
	return servers, nil
}

func parseServer(s string) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netip.AddrPortFrom(addr, defaultPort), nil
	}
	server, err := netip.ParseAddrPort(s)
	if err != nil || server.Port() == 0 {
		return server, fmt.Errorf("%.60q is not the address of a name server", s)
	}
	return server, nil
}

// system asks as the files say.
type system struct {
	now    func() time.Time
	direct bool

	mu      sync.Mutex
	checked time.Time
	resolv  watched
	hosts   watched
	client  *client
	table   *hostsFile
}

func (s *system) query(ctx context.Context, name string, t Type) (Answer, error) {
	client, table := s.refresh()
	if a, ok, err := table.find(key{name, t}); ok {
		return a, err
	}
	return client.query(ctx, name, t)
}

// all leaves several questions to the client unless /etc/hosts knows about one.
func (s *system) all(ctx context.Context, keys []key, tell Tell) {
	client, table := s.refresh()
	local := func(k key) bool { _, ok, _ := table.find(k); return ok }
	if !slices.ContainsFunc(keys, local) {
		client.all(ctx, keys, tell)
		return
	}
	abreast(len(keys), func(i int) Reply {
		a, err := s.query(ctx, keys[i].name, keys[i].t)
		return Reply{a, err}
	}, tell)
}

func (s *system) lookups() lookups {
	servers := lookups{
		query: func(ctx context.Context, name string, t Type) (Answer, error) {
			client, _ := s.refresh()
			return client.query(ctx, name, t)
		},
		all: func(ctx context.Context, keys []key, tell Tell) {
			client, _ := s.refresh()
			client.all(ctx, keys, tell)
		},
	}
	return lookups{query: s.query, all: s.all, published: servers}
}

// refresh reads the files when it is time to.
func (s *system) refresh() (*client, *hostsFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.client != nil && now.Sub(s.checked) < refreshAfter {
		return s.client, s.table
	}
	s.checked = now
	if text, changed := s.resolv.read(maxResolv); changed {
		c := parseResolv(text)
		c.Direct = s.direct
		s.client = newClient(c)
	}
	if text, changed := s.hosts.read(maxHosts); changed {
		s.table = &hostsFile{text: strings.ToLower(text)}
	}
	return s.client, s.table
}

// parseResolv reads resolv.conf(5): nameserver lines and the options timeout,
// attempts, trust-ad and use-vc. Names in mail are whole, so search is nothing
// to us.
func parseResolv(text string) Config {
	var c Config
	for line := range strings.SplitSeq(text, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) < 2:
		case words[0] == "nameserver" && len(c.Servers) < maxServers:
			addr, err := netip.ParseAddr(words[1])
			server := netip.AddrPortFrom(addr, defaultPort)
			if err == nil && !slices.Contains(c.Servers, server) {
				c.Servers = append(c.Servers, server)
			}
		case words[0] == "options":
			for _, o := range words[1:] {
				c.option(o)
			}
		}
	}
	return c
}

func (c *Config) option(s string) {
	name, value, _ := strings.Cut(s, ":")
	n, _ := strconv.Atoi(value)
	switch name {
	case "timeout":
		c.Try = cmp.Or(time.Duration(min(max(n, 0), 30))*time.Second, c.Try)
	case "attempts":
		c.Rounds = cmp.Or(min(max(n, 0), 5), c.Rounds)
	case "trust-ad":
		c.Trust = true
	case "use-vc":
		c.TCP = true
	}
}
