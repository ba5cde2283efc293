package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"sync/atomic"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// packetSource is a packet socket.
type packetSource struct {
	*pcapgo.EthernetHandle
	kind        layers.LinkType
	came, drops atomic.Uint64 // since it was opened, as of the last look
}

func (s *packetSource) link() layers.LinkType { return s.kind }

// dropped is how many SYNs the kernel had no room for since it was last asked.
func (s *packetSource) dropped() uint64 {
	stats, err := s.Stats() // which begin anew each time
	if err != nil {
		return 0
	}
	s.came.Add(uint64(stats.Packets))
	s.drops.Add(uint64(stats.Drops))
	return uint64(stats.Drops)
}

// openSource opens an interface, and has the kernel copy nothing but SYNs that
// come in.
func openSource(name string, w wanted) (source, error) {
	kind, err := linkType(name)
	if err != nil {
		return nil, err
	}
	h, err := pcapgo.NewEthernetHandle(name)
	if err != nil {
		return nil, err
	}
	dropAddress(h)
	if err := prepare(h, w.port); err != nil {
		h.Close()
		return nil, err
	}
	return &packetSource{EthernetHandle: h, kind: kind}, nil
}

// dropAddress lets go of the interface's hardware address, which gopacket keeps
// to itself. It is a part of the list of all interfaces as the kernel has sent
// it, and each handle would keep one: on a host with 500, a MiB for each.
func dropAddress(h *pcapgo.EthernetHandle) {
	f := reflect.ValueOf(h).Elem().FieldByName("addr")
	if f.IsValid() && f.Type() == reflect.TypeFor[net.HardwareAddr]() {
		*(*net.HardwareAddr)(f.Addr().UnsafePointer()) = nil
	}
}

// prepare filters, and forgets what came before there was a filter: frames of
// all kinds, and of other interfaces.
func prepare(h *pcapgo.EthernetHandle, port uint16) error {
	nothing, err := bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: 0}})
	if err == nil {
		err = h.SetBPF(nothing)
	}
	if fd, ok := descriptor(h); ok {
		enlarge(fd)
		drain(fd)
	}
	filter, err2 := bpf.Assemble(onlySYNs(comesIn(), network, port))
	return errors.Join(err, err2, h.SetBPF(filter), h.SetCaptureLength(snapLength))
}

// network is where the kernel's filters find the IP header, whatever the link
// has in front of it (SKF_NET_OFF).
const network uint32 = 0xfff00000

// comesIn are the steps that drop what this host sends (PACKET_OUTGOING), and
// what is not IP. Loopback shows each packet twice, and as outgoing once.
func comesIn() []step {
	const outgoing = 4
	return []step{
		{load: bpf.LoadExtension{Num: bpf.ExtType}},
		{val: outgoing, yes: drop},
		{load: bpf.LoadExtension{Num: bpf.ExtProto}},
		{val: unix.ETH_P_IPV6, yes: 5},
		{val: unix.ETH_P_IP, no: drop},
	}
}

// descriptor is that of the packet socket, which gopacket keeps to itself.
// Without it all works but the large queue.
func descriptor(h *pcapgo.EthernetHandle) (fd int, ok bool) {
	f := reflect.ValueOf(h).Elem().FieldByName("fd")
	if !f.CanInt() {
		return -1, false
	}
	fd = int(f.Int())
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	return fd, err == nil && domain == unix.AF_PACKET
}

// kernelQueue is the octets of SYNs that may wait in the kernel, which counts
// about a KiB for each: a flood of a twentieth of a second.
const kernelQueue = 8 << 20

// enlarge asks for the long queue. With CAP_NET_RAW alone net.core.rmem_max is
// the most there is.
func enlarge(fd int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, kernelQueue) != nil {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, kernelQueue)
	}
}

// drain empties the queue.
func drain(fd int) {
	for range kernelQueue {
		if _, _, err := unix.Recvfrom(fd, nil, unix.MSG_DONTWAIT|unix.MSG_TRUNC); err != nil {
			return
		}
	}
}

// errCapability is for those who lack what capturing needs.
var errCapability = fmt.Errorf("the capability CAP_NET_RAW is missing (start as root, or by synfp.service; --read, -f and filters need none): %w", os.ErrPermission)

// ready says what is missing for packet sockets.
func ready() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, os.ErrPermission) {
		return errCapability
	}
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// linkType is what stands in front of the IP header in frames of an interface:
// that of Ethernet, which loopback has too, or nothing.
func linkType(name string) (layers.LinkType, error) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, request); err != nil {
		return 0, os.NewSyscallError("SIOCGIFHWADDR", err)
	}
	switch request.Uint16() { // the address's family
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return layers.LinkTypeEthernet, nil
	}
	return layers.LinkTypeRaw, nil
}
