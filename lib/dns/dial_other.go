//go:build !linux

package dns

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// dialUDP opens a socket to a server. The kernel gives it a random port, and lets
// through only what comes from the server.
func dialUDP(ctx context.Context, server netip.AddrPort) (connection, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "udp", server.String())
	if err != nil {
		return nil, err
	}
	if c, ok := c.(*net.UDPConn); ok {
		c.SetReadBuffer(readBuffer) // which a host may allow in part only
	}
	return c, nil
}

// dialTCP connects to a server, for as long as ctx lasts.
func dialTCP(ctx context.Context, server netip.AddrPort) (connection, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", server.String())
}

// cause is what an error of a connection says without the connection's name.
func cause(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	return err
}
