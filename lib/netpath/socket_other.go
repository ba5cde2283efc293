//go:build !linux

package netpath

import "net/netip"

func openSocket(netip.Addr) (wire, error) { return nil, ErrUnsupported }
