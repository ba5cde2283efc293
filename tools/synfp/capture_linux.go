package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// snapLength is what is copied of a packet: all headers.
const snapLength = 256

// packetSource is a packet socket.
type packetSource struct {
	*pcapgo.EthernetHandle
	kind layers.LinkType
}

func (s *packetSource) link() layers.LinkType { return s.kind }

// openSource opens an interface, and has the kernel copy nothing but SYNs that
// come in.
func openSource(name string, w wanted) (source, error) {
	h, err := pcapgo.NewEthernetHandle(name)
	if err != nil {
		if !mayCapture() {
			return nil, errCapability
		}
		return nil, err
	}
	filter, err := bpf.Assemble(onlySYNs(w.port))
	if err == nil {
		err = errors.Join(h.SetBPF(filter), h.SetCaptureLength(snapLength))
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return &packetSource{h, linkType(name)}, nil
}

// errCapability is for those who lack what capturing needs.
var errCapability = fmt.Errorf("the capability CAP_NET_RAW is missing (start as root, or by synfp.service; --read, -f and filters need none): %w", os.ErrPermission)

// mayCapture says whether packet sockets are to be had.
func mayCapture() bool {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err == nil
}

// linkType is what stands in front of the IP header in frames of an interface:
// that of Ethernet, which loopback has too, or nothing.
func linkType(name string) layers.LinkType {
	text, err := os.ReadFile("/sys/class/net/" + name + "/type")
	switch kind := strings.TrimSpace(string(text)); {
	case err != nil, kind == "1", kind == "772": // ARPHRD_ETHER, ARPHRD_LOOPBACK
		return layers.LinkTypeEthernet
	}
	return layers.LinkTypeRaw
}

// network is where the kernel's filters find the network header, whatever the link
// has in front of it (SKF_NET_OFF).
const network uint32 = 0xfff00000

// outgoing is a packet that this host sends (PACKET_OUTGOING). Loopback shows
// each packet twice, and as outgoing once.
const outgoing = 4

// onlySYNs is the filter: TCP packets with SYN and without ACK, to a port
// unless that is 0. Those of IPv6 with extension headers come too, to be looked
// at here.
func onlySYNs(port uint16) []bpf.Instruction {
	const keep, drop = 1000, 1001 // places of jumps, until they are known
	at := func(header uint32) []step {
		return []step{
			{load: bpf.LoadIndirect{Off: network + 13 + header, Size: 1}},
			{load: bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x12}},
			{val: 0x02, no: drop},
			{load: bpf.LoadConstant{Val: uint32(port)}},
			{val: 0, yes: keep},
			{load: bpf.LoadIndirect{Off: network + 2 + header, Size: 2}},
			{val: uint32(port), yes: keep, no: drop},
		}
	}
	four := append([]step{
		{load: bpf.LoadAbsolute{Off: network + 9, Size: 1}},
		{val: 6, no: drop},
		{load: bpf.LoadAbsolute{Off: network + 6, Size: 2}},
		{load: bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x1fff}},
		{val: 0, no: drop},
		{load: bpf.LoadAbsolute{Off: network, Size: 1}},
		{load: bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 15}},
		{load: bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 4}},
		{load: bpf.TAX{}},
	}, at(0)...)
	six := append([]step{
		{load: bpf.LoadAbsolute{Off: network + 6, Size: 1}},
		{val: 0, yes: keep}, {val: 43, yes: keep}, {val: 44, yes: keep}, {val: 60, yes: keep},
		{val: 6, no: drop},
		{load: bpf.LoadConstant{Dst: bpf.RegX}},
	}, at(40)...)
	head := []step{
		{load: bpf.LoadExtension{Num: bpf.ExtType}},
		{val: outgoing, yes: drop},
		{load: bpf.LoadExtension{Num: bpf.ExtProto}},
		{val: unix.ETH_P_IPV6, yes: len(four) + 5},
		{val: unix.ETH_P_IP, no: drop},
	}
	return assemble(append(append(head, four...), six...), keep, drop)
}

// A step is one instruction of a filter: a load, or a comparison that goes to
// yes or no, where 0 means to the next.
type step struct {
	load    bpf.Instruction
	val     uint32
	yes, no int
}

// assemble fills in how far the jumps are; the two verdicts stand at the end.
func assemble(steps []step, keep, drop int) []bpf.Instruction {
	far := func(from, to int) uint8 {
		switch to {
		case 0:
			return 0
		case keep:
			to = len(steps)
		case drop:
			to = len(steps) + 1
		}
		return uint8(to - from - 1)
	}
	list := make([]bpf.Instruction, 0, len(steps)+2)
	for i, s := range steps {
		if s.load == nil {
			s.load = bpf.JumpIf{Cond: bpf.JumpEqual, Val: s.val, SkipTrue: far(i, s.yes), SkipFalse: far(i, s.no)}
		}
		list = append(list, s.load)
	}
	return append(list, bpf.RetConstant{Val: snapLength}, bpf.RetConstant{Val: 0})
}
