package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"postern/lib/caller"
	"postern/lib/place"
	"postern/lib/record"
)

// A peer is who is at the other end. The zero peer is unknown, and trusted
// with nothing.
type peer struct {
	client, server netip.AddrPort
	local          bool          // a Unix socket: a caller on this host
	submits        bool          // one who hands in mail, and whose
	uid            int           // user id is known
	stated         record.Record // what our own listen said of the connection
}

// known says whether the client's address is known.
func (p peer) known() bool { return p.client.Addr().IsValid() }

// findPeer finds out who the peer of fd is, from the first of these that says so:
// the network directory of -n; our own listen, which alone knows what a PROXY
// header said; the socket; and, when fd is no socket, the variables of a
// super-server.
func findPeer(fd int, dir string, getenv func(string) string) (peer, error) {
	switch {
	case dir != "":
		return peerFromDir(dir)
	case getenv(place.PeerEnv) != "":
		return peerFromRecord([]byte(getenv(place.PeerEnv)))
	}
	if p, ok := peerFromSocket(fd); ok {
		return p, nil
	}
	return peerFromEnv(getenv), nil
}

// peerFromRecord reads what listen states: a record line.
func peerFromRecord(line []byte) (peer, error) {
	r, err := record.ParseLine(line)
	if err != nil {
		return peer{}, fmt.Errorf("the listener's record of the peer: %w", err)
	}
	p := peer{stated: r}
	p.client = addrPort(r.Value("client_address"), r.Value("client_port"))
	p.server = addrPort(r.Value("server_address"), r.Value("server_port"))
	return p, nil
}

// peerFromDir reads a Plan 9 network directory: files local and remote, each
// holding ip!port.
func peerFromDir(dir string) (peer, error) {
	var p peer
	for _, f := range []struct {
		name string
		to   *netip.AddrPort
	}{{"remote", &p.client}, {"local", &p.server}} {
		text, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			return peer{}, err
		}
		ip, port, _ := strings.Cut(strings.TrimSpace(string(text)), "!")
		if *f.to = addrPort(ip, port); !f.to.IsValid() {
			return peer{}, fmt.Errorf("%s: %q is not ip!port", filepath.Join(dir, f.name), strings.TrimSpace(string(text)))
		}
	}
	return p, nil
}

// peerFromSocket asks the kernel. ok is false when fd is no connected socket.
func peerFromSocket(fd int) (p peer, ok bool) {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return peer{}, false
	}
	p.client = caller.AddrPort(sa)
	if !p.client.IsValid() {
		return peer{local: true}, true
	}
	if sa, err = unix.Getsockname(fd); err == nil {
		p.server = caller.AddrPort(sa)
	}
	return p, true
}

// peerFromEnv takes the word of tcpserver and its like (TCPREMOTEIP) or of
// xinetd's (REMOTE_ADDR), for sessions whose descriptor says nothing.
func peerFromEnv(getenv func(string) string) peer {
	p := peer{
		client: addrPort(getenv("TCPREMOTEIP"), getenv("TCPREMOTEPORT")),
		server: addrPort(getenv("TCPLOCALIP"), getenv("TCPLOCALPORT")),
	}
	if !p.known() {
		p.client = addrPort(getenv("REMOTE_ADDR"), getenv("REMOTE_PORT"))
	}
	return p
}

// addrPort makes an address of its two words; the port may be missing. What
// is no address gives the zero value. A v4-mapped address is unmapped, so
// that nothing behind this sees two names of one client.
func addrPort(ip, port string) netip.AddrPort {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.AddrPort{}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		n = 0
	}
	return netip.AddrPortFrom(a.Unmap().WithZone(""), uint16(n))
}
