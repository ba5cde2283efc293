package netpath

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"postern/lib/state"
)

// babble answers what its octets say, whether that was asked or not, and then
// nothing.
type babble struct {
	octets []byte
	sent   int
	idle   int // receives without an answer
	closed bool
}

func (b *babble) send(mark) error {
	b.sent++
	return nil
}

func (b *babble) Close() error {
	b.closed = true
	return nil
}

func (b *babble) receive(deadline time.Time) (answer, error) {
	if b.closed {
		return answer{}, net.ErrClosed
	}
	if len(b.octets) < 3 {
		b.idle++
		time.Sleep(time.Until(deadline))
		return answer{}, os.ErrDeadlineExceeded
	}
	o := b.octets[:3]
	b.octets = b.octets[3:]
	time.Sleep(time.Duration(o[0]>>4) * 10 * time.Millisecond)
	says := []Message{
		{ICMPv4, exceeded, 0}, {ICMPv4, unreachable, 3}, {ICMPv4, unreachable, 1}, {FromTCP, flagRST | flagACK, 0},
	}[o[0]&3]
	return answer{mark{int(o[1] % 40), int(o[2] >> 6)}, netip.AddrFrom4([4]byte{192, 0, 2, o[2] & 31}), says}, nil
}

// FuzzSearch: whatever is answered, a search comes to its end within its bounds,
// and its result can be written and read.
func FuzzSearch(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add([]byte{0x10, 1, 1, 0x10, 2, 2, 0x11, 3, 3}, false)
	f.Add([]byte{0x10, 0, 1, 0x10, 0, 2, 0x11, 0, 3, 0x91, 0, 4}, false) // no marks
	f.Add([]byte{0x10, 1, 1, 0x10, 2, 2, 0x10, 3, 1, 0x10, 4, 2, 0x10, 5, 1}, true)
	f.Add([]byte{0x10, 15, 1, 0x10, 16, 2, 0x10, 31, 1, 0x10, 32, 2}, true)
	f.Add(append(bytes.Repeat([]byte{0xbc}, 1431), "0x0770"...), true) // first no marks, then a round trip of a minute
	f.Fuzz(func(t *testing.T, octets []byte, share bool) {
		store := state.Open(t.TempDir())
		synctest.Test(t, func(t *testing.T) {
			rounds := 1
			if share {
				rounds = 3
			}
			tracer := Tracer{Share: share, Store: store}
			for range rounds {
				b := &babble{octets: octets}
				tracer.open = func(Method, netip.AddrPort) (wire, error) { return b, nil }
				began := time.Now()
				p, err := tracer.Trace(t.Context(), dest, 0)
				if err != nil || b.sent != p.Probes || b.sent > MaxProbes || len(p.Hops) > MaxHops {
					t.Fatalf("%d probes, %d told of, %d hops, %v", b.sent, p.Probes, len(p.Hops), err)
				}
				if b.idle > 3*MaxProbes {
					t.Errorf("it woke %d times", b.idle)
				}
				if limit := time.Duration(len(octets)+100) * time.Second; time.Since(began) > limit {
					t.Errorf("it took %v", time.Since(began))
				}
				if again, err := Parse(p.String()); err != nil || again.String() != p.String() {
					t.Errorf("%v is read as %v, %v", p.String(), again.String(), err)
				}
			}
		})
	})
}
