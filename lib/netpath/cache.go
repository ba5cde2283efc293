package netpath

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Cached gives a path from the cache that was found less than Keep before now.
func (t *Tracer) Cached(dest netip.Addr, now time.Time) (Path, bool) {
	if t.Cache == nil {
		return Path{}, false
	}
	text, ok, err := t.Cache.Get(dest.Unmap().String(), now)
	if err != nil || !ok {
		return Path{}, false
	}
	p, err := Parse(string(text))
	return p, err == nil && now.Sub(p.Time) < t.Keep
}

// keep puts a path into the cache. Whoever cannot write there goes without.
func (t *Tracer) keep(p *Path) {
	if t.Cache != nil {
		_ = t.Cache.Put(p.Dest.String(), []byte(p.String()), p.Time, t.Keep)
	}
}

// String is the path as one line, which Parse reads:
//
//	192.0.2.7 1763700000 reached 10.0.0.1/310 * 192.0.2.1/2200,192.0.2.2/2250 192.0.2.7/2500
//
// the host, the Unix time, how the path ends, and each hop's answers with their
// round trips in microseconds.
func (p *Path) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %d %v", p.Dest, p.Time.Unix(), p.End)
	for _, h := range p.Hops {
		b.WriteByte(' ')
		if len(h) == 0 {
			b.WriteByte('*')
		}
		for i, a := range h {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%v/%d", a.Addr, a.RTT.Microseconds())
		}
	}
	return b.String()
}

// Parse reads a line that String wrote.
func Parse(line string) (Path, error) {
	words := strings.Split(line, " ")
	if len(words) < 3 || len(words) > 3+MaxHops {
		return Path{}, fmt.Errorf("a path of %d words", len(words))
	}
	var p Path
	var err error
	if p.Dest, err = netip.ParseAddr(words[0]); err != nil {
		return Path{}, err
	}
	seconds, err := strconv.ParseUint(words[1], 10, 40)
	if err != nil {
		return Path{}, fmt.Errorf("time of a path: %w", err)
	}
	p.Time = time.Unix(int64(seconds), 0)
	if p.End, err = parseEnd(words[2]); err != nil {
		return Path{}, err
	}
	for _, word := range words[3:] {
		h, err := parseHop(word)
		if err != nil {
			return Path{}, err
		}
		p.Hops = append(p.Hops, h)
	}
	if p.End == Reached && len(p.Hops) == 0 {
		return Path{}, fmt.Errorf("a path that is reached without a hop")
	}
	return p, nil
}

func parseEnd(word string) (End, error) {
	for i, name := range ends {
		if word == name {
			return End(i), nil
		}
	}
	return 0, fmt.Errorf("end of a path: %q", word)
}

func parseHop(word string) (Hop, error) {
	if word == "*" {
		return nil, nil
	}
	var h Hop
	for text := range strings.SplitSeq(word, ",") {
		name, micro, _ := strings.Cut(text, "/")
		addr, err := netip.ParseAddr(name)
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(micro, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("round trip of %v: %w", addr, err)
		}
		if h = append(h, Answer{addr, time.Duration(n) * time.Microsecond}); len(h) > MaxAnswers {
			return nil, fmt.Errorf("more than %d answers of a hop", MaxAnswers)
		}
	}
	return h, nil
}
