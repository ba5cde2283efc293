package netpath

import (
	"errors"
	"net/netip"
	"os"
	"testing"
)

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
