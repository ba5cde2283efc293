package netpath

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// network is a path of routers, 20 ms behind one another.
type network struct {
	hops   []string // addresses; "" is silent, "x!" says that there is no way
	drop   int      // how many probes each router drops before it answers
	end    string   // of hops: "reached" or, for hosts that drop probes, "silent"
	again  bool     // the hops come again and again
	probes [MaxHops + 1]int

	answers []timed
	closed  chan struct{}
}

type timed struct {
	at time.Time
	answer
}

const hopTime = 20 * time.Millisecond

func (n *network) send(m mark) error {
	ttl, try := m.ttl, m.try
	n.probes[ttl]++
	hop := ttl
	switch {
	case n.again:
		hop = (ttl-1)%len(n.hops) + 1
	case ttl >= len(n.hops):
		if hop = len(n.hops); n.end == "silent" {
			return nil
		}
	}
	name, blocked := strings.CutSuffix(n.hops[hop-1], "!")
	if name == "" || n.probes[ttl] <= n.drop {
		return nil
	}
	a := answer{mark: mark{ttl, try}, from: netip.MustParseAddr(name), says: Message{ICMPv4, exceeded, 0}}
	switch {
	case blocked:
		a.says = Message{ICMPv4, unreachable, 1}
	case !n.again && hop == len(n.hops):
		a.says = Message{ICMPv4, unreachable, 3}
	}
	if n.again {
		hop = ttl
	}
	n.answers = append(n.answers, timed{time.Now().Add(time.Duration(hop) * hopTime), a})
	return nil
}

func (n *network) receive(deadline time.Time) (answer, error) {
	first := -1
	for i, a := range n.answers {
		if first < 0 || a.at.Before(n.answers[first].at) {
			first = i
		}
	}
	until, err := deadline, os.ErrDeadlineExceeded
	var a answer
	if first >= 0 && n.answers[first].at.Before(deadline) {
		until, a, err = n.answers[first].at, n.answers[first].answer, nil
		n.answers = append(n.answers[:first], n.answers[first+1:]...)
	}
	select {
	case <-time.After(time.Until(until)):
	case <-n.closed:
		err = net.ErrClosed
	}
	return a, err
}

func (n *network) Close() error {
	select {
	case <-n.closed:
	default:
		close(n.closed)
	}
	return nil
}

// line are n addresses of routers from 192.0.2.1 on.
func line(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("192.0.2.%d", i+1)
	}
	return list
}

// without is the line with silent hops.
func without(list []string, hops ...int) []string {
	for _, h := range hops {
		list[h-1] = ""
	}
	return list
}

func show(p *Path) string {
	words := []string{p.End.String()}
	for _, h := range p.Hops {
		words = append(words, strings.TrimPrefix(h.String(), "192.0.2."))
	}
	return strings.Join(words, " ")
}

var dest = netip.MustParseAddr("192.0.2.250")

func TestTrace(t *testing.T) {
	tests := []struct {
		name   string
		net    network
		hops   int
		want   string
		took   time.Duration
		probes int
	}{
		{"neighbour", network{hops: line(1)}, 0, "reached 1", hopTime, 16},
		{"five hops: one round trip", network{hops: line(5)}, 0, "reached 1 2 3 4 5", 5 * hopTime, 16},
		{"twenty hops: one more", network{hops: line(20)}, 0, "reached 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20", (15 + 20) * hopTime, 32},
		{"the first two", network{hops: line(5)}, 2, "limit 1 2", 2 * hopTime, 2},
		{"the first nine of five", network{hops: line(5)}, 9, "reached 1 2 3 4 5", 5 * hopTime, 9},
		{"a silent hop: three times the next one", network{hops: without(line(8), 3)}, 0, "reached 1 2 * 4 5 6 7 8", 3 * 5 * hopTime, 18},
		{"silent from the second on", network{hops: without(line(8), 2), end: "silent"}, 0,
			"silent 1 * 3 4 5 6 7", 7*hopTime + 14*hopTime, 16 + 2 + 3},
		{"silence in front of one that is, too: no longer", network{hops: without(line(8), 6), end: "silent"}, 0,
			"silent 1 2 3 4 5 * 7", 7*hopTime + 14*hopTime, 16 + 2 + 3},
		{"a host that drops probes nearby: 200 ms", network{hops: line(3), end: "silent"}, 0, "silent 1 2", 2*hopTime + leastWait, 16 + 3},
		{"each probe lost once", network{hops: line(3), drop: 1}, 0, "reached 1 2 3", firstWait/2 + 3*hopTime, 16 + 3},
		{"nobody answers", network{hops: line(3), drop: 9}, 0, "silent", firstWait, 16 + 3},
		{"no way", network{hops: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3!", ""}}, 0, "blocked 1 2 3", 3 * hopTime, 16},
		{"no way behind the second", network{hops: []string{"192.0.2.1", "192.0.2.2", "192.0.2.2!", ""}}, 0, "blocked 1 2", 3 * hopTime, 16},
		{"a port that a router says is closed", network{hops: []string{"192.0.2.1", "192.0.2.2", "192.0.2.2"}}, 0, "blocked 1 2", 3 * hopTime, 16},
		{"a port that a host behind itself says is closed", network{hops: []string{"192.0.2.1", "192.0.2.250", "192.0.2.250"}}, 0,
			"reached 1 250 250", 3 * hopTime, 16},
		{"loop", network{hops: line(2), again: true}, 0, "loop 1 2", 4 * hopTime, 16},
		{"loop behind silence", network{hops: without(line(3), 1), again: true}, 0, "loop * 2 3", 0, 0},
		{"one router twice", network{hops: []string{"192.0.2.1", "192.0.2.1", "192.0.2.3"}}, 0, "reached 1 1 3", 3 * hopTime, 16},
		{"one router four times", network{hops: []string{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.3"}}, 0, "reached 1 1 1 1 3", 5 * hopTime, 16},
		{"a router again", network{hops: []string{"192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3"}}, 0, "reached 1 2 1 3", 4 * hopTime, 16},
		{"there and back", network{hops: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.2", "192.0.2.4"}}, 0, "reached 1 2 3 2 4", 5 * hopTime, 16},
		{"a last hop of the first wave", network{hops: line(16)}, 0, "reached 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", 16 * hopTime, 32},
		{"the end of the wave is silent", network{hops: without(line(18), 15, 16)}, 0, "reached 1 2 3 4 5 6 7 8 9 10 11 12 13 14 * * 17 18", 0, 0},
		{"a host behind twelve routers that drops probes: two round trips", network{hops: line(13), end: "silent"}, 0,
			"silent 1 2 3 4 5 6 7 8 9 10 11 12", (12 + 24) * hopTime, 16 + 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.net.closed = make(chan struct{})
				tracer := Tracer{open: func(Method, netip.AddrPort) (wire, error) { return &tt.net, nil }}
				began := time.Now()
				p, err := tracer.Trace(t.Context(), dest, tt.hops)
				took := time.Since(began)
				got := show(&p)
				if err != nil || got != tt.want {
					t.Errorf("got %q, %v; want %q", got, err, tt.want)
				}
				if tt.took > 0 && took != tt.took {
					t.Errorf("it took %v, want %v", took, tt.took)
				}
				if tt.probes > 0 && p.Probes != tt.probes || p.Probes > MaxProbes {
					t.Errorf("%d probes, want %d", p.Probes, tt.probes)
				}
				for i, h := range p.Hops {
					if len(h.Answers) == 1 && !tt.net.again && h.Answers[0].RTT != time.Duration(i+1)*hopTime {
						t.Errorf("round trip to hop %d is %v", i+1, h.Answers[0].RTT)
					}
				}
			})
		})
	}
}

// TestWhyBlocked: why a router forwards no farther stands at its hop, where it
// has answered as one on the way too.
func TestWhyBlocked(t *testing.T) {
	for _, hops := range [][]string{
		{"192.0.2.1", "192.0.2.2!", ""},
		{"192.0.2.1", "192.0.2.2", "192.0.2.2!", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			tracer := Tracer{open: func(Method, netip.AddrPort) (wire, error) {
				return &network{hops: hops, closed: make(chan struct{})}, nil
			}}
			p, err := tracer.Trace(t.Context(), dest, 0)
			if err != nil || show(&p) != "blocked 1 2" {
				t.Fatalf("%q: %s, %v", hops, show(&p), err)
			}
			if mark := p.Hops[1].Answers[0].Message.Mark(); mark != "!H" {
				t.Errorf("%q: the mark is %q, want !H", hops, mark)
			}
		})
	}
}

// TestLikely: a host whose distance is known beforehand is asked little more,
// and found if it is elsewhere.
func TestLikely(t *testing.T) {
	for _, tt := range []struct {
		name   string
		net    network
		likely int
		want   string
		probes int
	}{
		{"so it is", network{hops: line(4)}, 4, "reached 1 2 3 4", 6},
		{"nearer", network{hops: line(2)}, 4, "reached 1 2", 6},
		{"farther", network{hops: line(8)}, 4, "reached 1 2 3 4 5 6 7 8", 6 + 16},
		{"much farther, and silent there", network{hops: without(line(9), 6, 7)}, 5, "reached 1 2 3 4 5 * * 8 9", 0},
		{"the host drops probes", network{hops: line(4), end: "silent"}, 4, "silent 1 2 3", 6 + 3},
		{"farther than we look", network{hops: line(4)}, 99, "reached 1 2 3 4", 16},
	} {
		synctest.Test(t, func(t *testing.T) {
			tt.net.closed = make(chan struct{})
			tracer := Tracer{Likely: tt.likely, open: func(Method, netip.AddrPort) (wire, error) { return &tt.net, nil }}
			p, err := tracer.Trace(t.Context(), dest, 0)
			if got := show(&p); err != nil || got != tt.want || tt.probes > 0 && p.Probes != tt.probes {
				t.Errorf("%s: got %s, %v, by %d probes", tt.name, got, err, p.Probes)
			}
		})
	}
}

// TestFar: a host that is farther away than we look costs no more than all hops.
func TestFar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hops: line(2 * MaxHops), closed: make(chan struct{})}
		tracer := Tracer{open: func(Method, netip.AddrPort) (wire, error) { return n, nil }}
		p, err := tracer.Trace(t.Context(), dest, 0)
		if err != nil || p.End != Limit || len(p.Hops) != MaxHops || p.Probes > MaxProbes {
			t.Errorf("got %v %v with %d hops, %d probes", p.End, err, len(p.Hops), p.Probes)
		}
	})
}

// TestInterrupted: what is known when the time is up is not lost.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hops: line(9), closed: make(chan struct{})}
		tracer := Tracer{open: func(Method, netip.AddrPort) (wire, error) { return n, nil }}
		ctx, cancel := context.WithTimeout(t.Context(), 3*hopTime+1)
		defer cancel()
		p, err := tracer.Trace(ctx, dest, 0)
		if got := show(&p); got != "silent 1 2 3" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// refusing is a network to which nothing can be sent.
type refusing struct{ *network }

func (refusing) send(mark) error { return os.ErrPermission }

// TestNothingSent: a path for which no probe went out was not measured, and says
// nothing.
func TestNothingSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracer := Tracer{open: func(Method, netip.AddrPort) (wire, error) {
			return refusing{&network{hops: line(3), closed: make(chan struct{})}}, nil
		}}
		p, err := tracer.Trace(t.Context(), dest, 0)
		if !p.Time.IsZero() || !errors.Is(err, os.ErrPermission) {
			t.Errorf("refused: %v, %v", p.String(), err)
		}
		if err := tracer.pause(t.Context(), 10*Rate); err != nil {
			t.Fatal(err)
		}
		for range 5 * Rate / burst {
			go tracer.pause(t.Context(), burst)
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p, err = tracer.Trace(ctx, dest, 0)
		if !p.Time.IsZero() || !errors.Is(err, ErrBusy) {
			t.Errorf("too late: %v, %v", p.String(), err)
		}
	})
}

// stalled is a network whose user has to wait for a processor when it is first to
// wake.
type stalled struct {
	*network
	before bool
}

func (s *stalled) receive(deadline time.Time) (answer, error) {
	a, err := s.network.receive(deadline)
	if err != nil && !s.before {
		s.before = true
		time.Sleep(3 * time.Second)
	}
	return a, err
}

// TestStalled: hops that are asked late have their whole time to answer.
func TestStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &stalled{network: &network{hops: line(3), drop: 1, closed: make(chan struct{})}}
		tracer := Tracer{open: func(Method, netip.AddrPort) (wire, error) { return n, nil }}
		p, err := tracer.Trace(t.Context(), dest, 0)
		if got := show(&p); err != nil || got != "reached 1 2 3" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// TestSeveralAnswers: what answers a hop's second probe stands behind the first,
// and nothing fills a hop without end.
func TestSeveralAnswers(t *testing.T) {
	s := search{asked: 2}
	s.hops[1].Sent = 2
	for i := range 9 {
		addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i / 2)})
		s.take(answer{mark: mark{1, i % 2}, from: addr, says: Message{ICMPv4, exceeded, 0}}, time.Now())
	}
	for _, a := range []answer{{}, {mark: mark{2, 0}}, {mark: mark{3, 0}}, {mark: mark{255, 0}}, {mark: mark{1, 2}}, {mark: mark{1, -1}}} {
		a.from = dest
		s.take(a, time.Now())
	}
	if len(s.hops[1].Answers) != MaxAnswers || len(s.hops[2].Answers) != 0 || s.hops[1].has(dest) {
		t.Errorf("got %v, %v", s.hops[1], s.hops[2])
	}
}

// TestUnmarkedEnd: an answer without a mark does not end a path in front of a
// router that has answered: it came late, or is forged.
func TestUnmarkedEnd(t *testing.T) {
	for _, tt := range []struct {
		alone int
		says  Message
		want  End
	}{
		{2, Message{ICMPv4, unreachable, 3}, Silent},
		{2, Message{ICMPv4, unreachable, 1}, Silent},
		{4, Message{ICMPv4, unreachable, 3}, Reached},
	} {
		s := search{asked: 5, dest: dest, vague: true, alone: tt.alone}
		for ttl := 1; ttl <= 5; ttl++ {
			s.hops[ttl].Sent = 1
		}
		for _, ttl := range []int{1, 3} {
			router := netip.AddrFrom4([4]byte{10, 0, 0, byte(ttl)})
			s.take(answer{mark: mark{ttl, 0}, from: router, says: Message{ICMPv4, exceeded, 0}}, time.Now())
		}
		s.take(answer{from: dest, says: tt.says}, time.Now())
		if s.end != tt.want {
			t.Errorf("at hop %d %v: it ends %v", tt.alone, tt.says, s.end)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, text := range []string{"0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:0.0.0.0"} {
		if _, err := new(Tracer).Trace(t.Context(), netip.MustParseAddr(text), 0); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestManyAtOnce: paths that have to wait until their probes may be sent are
// found like others.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracer := Tracer{open: func(Method, netip.AddrPort) (wire, error) {
			return &network{hops: without(line(13), 5), closed: make(chan struct{})}, nil
		}}
		results := make(chan string)
		const many = 200
		for range many {
			go func() {
				p, err := tracer.Trace(t.Context(), dest, 0)
				results <- fmt.Sprint(show(&p), err)
			}()
		}
		for range many {
			if got, want := <-results, "reached 1 2 3 4 * 6 7 8 9 10 11 12 13<nil>"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}
