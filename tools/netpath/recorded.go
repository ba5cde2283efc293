package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"postern/lib/netpath"
	"postern/lib/record"
	"postern/lib/tool"
)

// fromRecords are the paths that one or two records on standard input tell, and
// unless nothing is to be sent, those of now that belong to them.
func (c *checker) fromRecords(ctx context.Context) (paths []netpath.Path, err error) {
	in := bufio.NewScanner(c.stdin)
	in.Buffer(nil, record.MaxSize)
	for in.Scan() {
		if len(paths) == most {
			return nil, fmt.Errorf("%w: more than %d records", tool.ErrInput, most)
		}
		path, err := recorded(in.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", tool.ErrInput, len(paths)+1, err)
		}
		paths = append(paths, path)
	}
	switch {
	case errors.Is(in.Err(), bufio.ErrTooLong):
		return nil, fmt.Errorf("%w: line %d: %w", tool.ErrInput, len(paths)+1, record.ErrTooLong)
	case in.Err() != nil:
		return nil, errIO{fmt.Errorf("standard input: %w", in.Err())}
	case len(paths) == 0:
		return nil, fmt.Errorf("%w: no record", tool.ErrInput)
	case c.Dry:
		return paths, nil
	}
	c.tracer.Fresh = true
	return c.complete(ctx, paths)
}

// complete finds the paths that records do not tell, and the one of now beside
// that of a single record.
func (c *checker) complete(ctx context.Context, paths []netpath.Path) ([]netpath.Path, error) {
	if len(paths) == 1 && !untold(&paths[0]) {
		paths = append(paths, netpath.Path{Dest: paths[0].Dest})
	}
	for i := range paths {
		if !untold(&paths[i]) {
			continue
		}
		path, err := c.find(ctx, paths[i].Dest, 0)
		if err != nil {
			return nil, err
		}
		paths[i] = path
	}
	return paths, nil
}

// untold says that nothing is known of a path.
func untold(p *netpath.Path) bool { return len(p.Hops) == 0 && p.Time.IsZero() }

// recorded is the path that a record tells, its round trips too where -v put
// them there.
func recorded(line []byte) (p netpath.Path, err error) {
	r, err := record.ParseLine(line)
	if err != nil {
		return p, err
	}
	if p.Dest, err = tool.ClientAddress(&r); err != nil {
		return p, err
	}
	if seconds, err := strconv.ParseInt(r.Value("network_path_time"), 10, 40); err == nil && seconds > 0 {
		p.Time = time.Unix(seconds, 0)
	}
	if p.Hops, err = recordedHops(r.Value("network_path")); err != nil {
		return p, err
	}
	missing := 0
	if value, ok := r.Lookup("network_hops"); ok {
		if missing, err = reach(&p, value, strings.HasPrefix(r.Value(hopsWord), "-")); err != nil {
			return p, err
		}
	}
	setTimes(p.Hops[missing:], strings.Fields(r.Value(attrRTT)))
	return p, nil
}

// recordedHops are the routers of the attribute network_path.
func recordedHops(text string) (hops []netpath.Hop, err error) {
	for word := range strings.FieldsSeq(text) {
		if len(hops) == netpath.MaxHops {
			return nil, fmt.Errorf("network_path has more than %d routers", netpath.MaxHops)
		}
		var h netpath.Hop
		if word != "*" {
			addr, err := netip.ParseAddr(word)
			if err != nil {
				return nil, fmt.Errorf("network_path: %.60q is not an IP address", word)
			}
			h.Answers = []netpath.Answer{{Addr: addr.Unmap().WithZone("")}}
		}
		hops = append(hops, h)
	}
	return hops, nil
}

// reach ends a path at its host, as far away as the attribute network_hops says.
// Where the record has only the last routers, as many hops as are missing come
// in front of them, else behind.
func reach(p *netpath.Path, distance string, last bool) (front int, err error) {
	n, err := strconv.Atoi(distance)
	if err != nil || n <= len(p.Hops) || n > netpath.MaxHops {
		return 0, fmt.Errorf("network_hops %.20q is no number, or none for %d routers", distance, len(p.Hops))
	}
	missing := make([]netpath.Hop, n-1-len(p.Hops))
	if last {
		front = len(missing)
		p.Hops = append(missing, p.Hops...)
	} else {
		p.Hops = append(p.Hops, missing...)
	}
	p.Hops = append(p.Hops, netpath.Hop{Answers: []netpath.Answer{{Addr: p.Dest}}})
	p.End = netpath.Reached
	return front, nil
}

// setTimes sets round trips, in milliseconds, of hops that answered.
func setTimes(hops []netpath.Hop, words []string) {
	for i := range min(len(hops), len(words)) {
		ms, err := strconv.ParseFloat(words[i], 64)
		if err == nil && ms > 0 && ms < longestRTT && !hops[i].Silent() {
			hops[i].Answers[0].RTT = time.Duration(ms * float64(time.Millisecond))
		}
	}
}

// longestRTT is what a record may tell, in milliseconds.
const longestRTT = 1e6
