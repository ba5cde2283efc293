package caller

import (
	"net"
	"testing"
)

func TestHostAddrs(t *testing.T) {
	nets, err := net.InterfaceAddrs()
	if err != nil {
		t.Skip(err)
	}
	got, err := HostAddrs()
	if err != nil || len(got) != len(nets) {
		t.Errorf("got %v, %v for %v", got, err, nets)
	}
	for _, a := range got {
		if !a.IsValid() || a.Is4In6() || a.Zone() != "" {
			t.Errorf("%v is not in the form that addresses are compared in", a)
		}
	}
}
