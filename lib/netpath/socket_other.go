//go:build !linux

package netpath

import "net/netip"

func openSocket(Method, netip.AddrPort) (wire, error) { return nil, ErrUnsupported }
