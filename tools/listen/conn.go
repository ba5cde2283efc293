package main

import (
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"postern/lib/filter"
	"postern/lib/place"
	"postern/lib/record"
)

// A conn is an accepted connection. It is a value: whoever has it last closes
// its descriptor.
type conn struct {
	fd     int
	client netip.AddrPort // not valid for a Unix socket
	server netip.AddrPort
	path   string // of a Unix socket
	stated bool   // client and server are what a PROXY header said
}

func (c conn) close() { unix.Close(c.fd) }

// from names the client for the log.
func (c conn) from() string {
	if !c.client.IsValid() {
		return "unix"
	}
	return c.client.Addr().String()
}

// key is what sessions of one client are counted under: the address, for IPv6
// its /64. It is not valid where there is nothing to count.
func (c conn) key() netip.Addr { return keyOf(c.client.Addr()) }

// keyOf is the key of an address: what the packet filter would keep out.
func keyOf(ip netip.Addr) netip.Addr { return filter.Net(ip).Addr() }

// record is what we state of the connection's ends: the value of POSTERN_PEER
// and the message to a worker.
func (c conn) record() record.Record {
	var r record.Record
	if c.client.IsValid() {
		r.Set("client_address", c.client.Addr().String())
		r.Set("client_port", itoa(int(c.client.Port())))
	}
	if c.path != "" {
		r.Set("server_address", c.path)
	} else {
		r.Set("server_address", c.server.Addr().String())
		r.Set("server_port", itoa(int(c.server.Port())))
	}
	return r
}

// environ appends what a program is told of the connection: POSTERN_PEER, and
// the variables of UCSPI (with TCP6's as well for IPv6, as ucspi-tcp6 has it).
// Of a Unix socket's peer the socket itself tells more.
func (c conn) environ(env []string) []string {
	if c.path != "" {
		return append(env, "PROTO=UNIX", "UNIXLOCALPATH="+c.path)
	}
	r := c.record()
	env = append(env, place.PeerEnv+"="+r.String())
	if !c.client.Addr().Is6() {
		return c.ucspi(append(env, "PROTO=TCP"), "TCP")
	}
	return c.ucspi(c.ucspi(append(env, "PROTO=TCP6"), "TCP"), "TCP6")
}

// ucspi appends the four variables whose names begin with proto.
func (c conn) ucspi(env []string, proto string) []string {
	return append(env,
		proto+"REMOTEIP="+c.client.Addr().String(),
		proto+"REMOTEPORT="+itoa(int(c.client.Port())),
		proto+"LOCALIP="+c.server.Addr().String(),
		proto+"LOCALPORT="+itoa(int(c.server.Port())))
}

func itoa(n int) string { return strconv.Itoa(n) }
