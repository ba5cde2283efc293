package netpath

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// extended is struct sock_extended_err with an address behind it.
func extended(origin, typ, code byte, from netip.Addr) []byte {
	b := make([]byte, errorSize, errorSize+28)
	b[4], b[5], b[6] = origin, typ, code
	if from.Is4() {
		b = binary.NativeEndian.AppendUint16(b, unix.AF_INET)
		return append(append(b, 0, 0), from.AsSlice()...)
	}
	b = binary.NativeEndian.AppendUint16(b, unix.AF_INET6)
	return append(append(b, 0, 0, 0, 0, 0, 0), from.AsSlice()...)
}

func TestParseError(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, tt := range []struct {
		name string
		data []byte
		end  End
		ok   bool
	}{
		{"time exceeded", extended(unix.SO_EE_ORIGIN_ICMP, 11, 0, v4), Silent, true},
		{"port unreachable", extended(unix.SO_EE_ORIGIN_ICMP, 3, 3, v4), Reached, true},
		{"host unreachable", extended(unix.SO_EE_ORIGIN_ICMP, 3, 1, v4), Blocked, true},
		{"prohibited", extended(unix.SO_EE_ORIGIN_ICMP, 3, 13, v4), Blocked, true},
		{"parameter problem", extended(unix.SO_EE_ORIGIN_ICMP, 12, 0, v4), Silent, false},
		{"our own error", extended(unix.SO_EE_ORIGIN_LOCAL, 0, 0, v4), Silent, false},
		{"IPv6: time exceeded", extended(unix.SO_EE_ORIGIN_ICMP6, 3, 0, v6), Silent, true},
		{"IPv6: port unreachable", extended(unix.SO_EE_ORIGIN_ICMP6, 1, 4, v6), Reached, true},
		{"IPv6: no route", extended(unix.SO_EE_ORIGIN_ICMP6, 1, 0, v6), Blocked, true},
		{"IPv6: too big", extended(unix.SO_EE_ORIGIN_ICMP6, 2, 0, v6), Silent, false},
		{"cut short", extended(unix.SO_EE_ORIGIN_ICMP, 11, 0, v4)[:errorSize+5], Silent, false},
		{"no address", extended(unix.SO_EE_ORIGIN_ICMP, 11, 0, v4)[:errorSize], Silent, false},
	} {
		a, ok := parseError(tt.data)
		end, _ := a.says.end()
		if ok != tt.ok || ok && (end != tt.end || a.from != v4 && a.from != v6) {
			t.Errorf("%s: got %v %v from %v", tt.name, ok, end, a.from)
		}
	}
}

func FuzzParseControl(f *testing.F) {
	f.Add(extended(unix.SO_EE_ORIGIN_ICMP, 11, 0, netip.MustParseAddr("192.0.2.1")))
	f.Fuzz(func(_ *testing.T, b []byte) {
		parseControl(b)
		parseError(b)
	})
}

// TestLoopback needs no router and no privilege.
func TestLoopback(t *testing.T) {
	p, err := new(Tracer).Trace(t.Context(), netip.MustParseAddr("127.0.0.1"), 0)
	if err != nil || p.End != Reached || show(&p) != "reached 127.0.0.1" {
		t.Errorf("got %v, %v", p.String(), err)
	}
}
