package netpath

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// TestNoIPv6: it is said where a host has no address to send from.
func TestNoIPv6(t *testing.T) {
	if !e2e.InNetwork(t) {
		return
	}
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0); err != nil {
		t.Skip(err)
	}
	for _, method := range []Method{UDP, TCP, ICMP} {
		_, err := (&Tracer{Method: method}).Trace(t.Context(), netip.MustParseAddr("2001:db8::1"), 0)
		if err == nil || !strings.HasPrefix(err.Error(), "2001:db8::1: this host has no IPv6 address to send from: ") {
			t.Errorf("%v: %v", method, err)
		}
	}
}

// TestUnreachable: the kernel will not send to some addresses, whoever asks.
func TestUnreachable(t *testing.T) {
	for _, method := range []Method{UDP, TCP, ICMP} {
		if method != UDP && os.Geteuid() != 0 {
			t.Skip("sockets for other probes than UDP take root")
		}
		for _, text := range []string{"127.255.255.255", "fe80::1"} {
			tracer := Tracer{Method: method}
			_, err := tracer.Trace(t.Context(), netip.MustParseAddr(text), 0)
			if !errors.Is(err, ErrAddress) || errors.Is(err, ErrPermission) {
				t.Errorf("%v to %s: %v", method, text, err)
			}
		}
	}
}
