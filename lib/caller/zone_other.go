//go:build !linux

package caller

import "net"

// interfaceIndex returns the number of the interface of that name.
func interfaceIndex(name string) (uint32, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	return uint32(i.Index), nil
}
