package mx_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"postern/lib/mx"
)

// network is addresses that answer, refuse, or do neither.
type network struct {
	answers map[string]string // "ok", "refused"; "" for silence
	mu      sync.Mutex
	dialed  []string
	reached chan string // connections that were closed
}

func (n *network) connect(ctx context.Context, nw, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, address)
	n.mu.Unlock()
	switch n.answers[address] {
	case "ok":
		return closer{address, n.reached}, nil
	case "refused":
		return nil, &net.OpError{Op: "dial", Net: nw, Err: syscall.ECONNREFUSED}
	}
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Net: nw, Err: ctx.Err()}
}

// closer is a connection that tells when it is closed.
type closer struct {
	address string
	closed  chan string
}

func (c closer) Close() error                     { c.closed <- c.address; return nil }
func (c closer) Read([]byte) (int, error)         { return 0, net.ErrClosed }
func (c closer) Write([]byte) (int, error)        { return 0, net.ErrClosed }
func (c closer) LocalAddr() net.Addr              { return nil }
func (c closer) RemoteAddr() net.Addr             { return nil }
func (c closer) SetDeadline(time.Time) error      { return nil }
func (c closer) SetReadDeadline(time.Time) error  { return nil }
func (c closer) SetWriteDeadline(time.Time) error { return nil }

func addrs(list ...string) []netip.Addr {
	var as []netip.Addr
	for _, s := range list {
		as = append(as, netip.MustParseAddr(s))
	}
	return as
}

func TestDial(t *testing.T) {
	const first, second, third = "[2001:db8::1]:25", "192.0.2.1:25", "192.0.2.2:25"
	tests := []struct {
		name    string
		answers map[string]string
		addrs   []netip.Addr
		want    string // the address that was reached, or the error
		dialed  []string
		after   time.Duration
	}{
		{"the first", map[string]string{first: "ok"}, addrs("2001:db8::1", "192.0.2.1"), first, []string{first}, 0},
		{"the first refuses", map[string]string{first: "refused", second: "ok"}, addrs("2001:db8::1", "192.0.2.1", "192.0.2.2"), second, []string{first, second}, 0},
		{"the first is silent", map[string]string{second: "ok"}, addrs("2001:db8::1", "192.0.2.1", "192.0.2.2"), second, []string{first, second}, 250 * time.Millisecond},
		{"all but the last", map[string]string{second: "refused", third: "ok"}, addrs("2001:db8::1", "192.0.2.1", "192.0.2.2"), third, []string{first, second, third}, 250 * time.Millisecond},
		{"two are silent", map[string]string{third: "ok"}, addrs("2001:db8::1", "192.0.2.1", "192.0.2.2"), third, []string{first, second, third}, 500 * time.Millisecond},
		{"the last is silent", map[string]string{first: "refused"}, addrs("2001:db8::1", "192.0.2.1"), "h: dial tcp: connection refused, dial tcp: context deadline exceeded", []string{first, second}, 30 * time.Second},
		{"all refuse", map[string]string{first: "refused", second: "refused"}, addrs("2001:db8::1", "192.0.2.1"), "h: dial tcp: connection refused, dial tcp: connection refused", []string{first, second}, 0},
		{"only one", map[string]string{second: "ok"}, addrs("192.0.2.1"), second, []string{second}, 0},
		{"only one, which refuses", map[string]string{second: "refused"}, addrs("192.0.2.1"), "h: dial tcp: connection refused", []string{second}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{answers: tt.answers, reached: make(chan string, 9)}
				begin := time.Now()
				conn, err := mx.Dialer{Connect: n.connect}.Dial(ctx, mx.Host{Name: "h", Addrs: tt.addrs}, 25)
				after := time.Since(begin)
				var got string
				if err != nil {
					got = err.Error()
				} else {
					got = conn.(closer).address
				}
				if got != tt.want || !slices.Equal(n.dialed, tt.dialed) || after != tt.after {
					t.Errorf("%s after %q and %v, want %s after %q and %v", got, n.dialed, after, tt.want, tt.dialed, tt.after)
				}
				select {
				case address := <-n.reached:
					t.Errorf("%s was closed", address)
				default:
				}
			})
		})
	}
}

// All addresses together have one time, and the error has a word for each.
func TestDialLimit(t *testing.T) {
	n := &network{}
	d := mx.Dialer{Stagger: time.Millisecond, Limit: 50 * time.Millisecond, Connect: n.connect}
	_, err := d.Dial(ctx, mx.Host{Name: "h", Addrs: addrs("2001:db8::1", "192.0.2.1", "192.0.2.2")}, 25)
	e, ok := errors.AsType[*mx.DialError](err)
	if !ok || len(e.Errs) != 3 || !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "h: dial tcp: context deadline exceeded, ") {
		t.Errorf("error %v", err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := d.Dial(canceled, mx.Host{Name: "h", Addrs: addrs("2001:db8::1", "192.0.2.1")}, 25); !errors.Is(err, context.Canceled) {
		t.Errorf("after its time: %v", err)
	}
}

// A connection that comes when another has won is closed.
func TestDialLoser(t *testing.T) {
	closed := make(chan string, 1)
	started := make(chan bool)
	connect := func(ctx context.Context, _, address string) (net.Conn, error) {
		if address == "192.0.2.1:25" {
			close(started)
			<-ctx.Done()
		} else {
			<-started
		}
		return closer{address, closed}, nil
	}
	d := mx.Dialer{Stagger: time.Millisecond, Connect: connect}
	conn, err := d.Dial(ctx, mx.Host{Name: "h", Addrs: addrs("192.0.2.1", "192.0.2.2")}, 25)
	if err != nil || conn.(closer).address != "192.0.2.2:25" {
		t.Fatalf("%v, %v", conn, err)
	}
	if got := <-closed; got != "192.0.2.1:25" {
		t.Errorf("closed %s", got)
	}
}

// A real one, from an address of our choice.
func TestDialSource(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	d := mx.Dialer{Source: addrs("::1", "127.0.0.1")}
	conn, err := d.Dial(ctx, mx.Host{Name: "h", Addrs: addrs("127.0.0.1")}, port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := conn.LocalAddr().(*net.TCPAddr).AddrPort().Addr(); got != addrs("127.0.0.1")[0] {
		t.Errorf("from %s", got)
	}
	// An address that this host does not have.
	d.Source = addrs("192.0.2.254")
	if conn, err := d.Dial(ctx, mx.Host{Name: "h", Addrs: addrs("127.0.0.1")}, port); err == nil {
		t.Errorf("connected from %s", conn.LocalAddr())
	}
}
