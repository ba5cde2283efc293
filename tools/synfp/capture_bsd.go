//go:build darwin || freebsd || netbsd || openbsd

package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/google/gopacket"
	"github.com/google/gopacket/bsdbpf"
	"github.com/google/gopacket/layers"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// bpfSource is a bpf(4) device.
type bpfSource struct {
	*bsdbpf.BPFSniffer
	fd    int
	kind  layers.LinkType
	buf   []byte
	queue []byte // what of buf is not yet taken
}

func (s *bpfSource) link() layers.LinkType { return s.kind }

// Close closes the device.
func (s *bpfSource) Close() { s.BPFSniffer.Close() }

// dropped is how many packets the device had no room for since it was opened;
// it cannot be asked on all systems, and is not.
func (s *bpfSource) dropped() uint64 { return 0 }

// ZeroCopyReadPacketData reads a frame; it is good until the next. gopacket
// would take frames to be aligned to words, which they are not on OpenBSD and
// macOS, and so find one in each buffer and then nonsense.
func (s *bpfSource) ZeroCopyReadPacketData() (frame []byte, info gopacket.CaptureInfo, err error) {
	for {
		if frame, s.queue = nextFrame(s.queue, layoutBPF()); frame != nil {
			return frame, info, nil
		}
		n, err := unix.Read(s.fd, s.buf)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return nil, info, err
		}
		s.queue = s.buf[:max(n, 0)]
	}
}

// layoutBPF is how this system lays out frames in a buffer.
func layoutBPF() bpfLayout {
	var h unix.BpfHdr
	return bpfLayout{
		caplen: int(unsafe.Offsetof(h.Caplen)),
		hdrlen: int(unsafe.Offsetof(h.Hdrlen)),
		align:  unix.BPF_ALIGNMENT,
	}
}

// bufferBPF is the size of a device's buffers, of which it has two.
const bufferBPF = 1 << 19

// openSource opens an interface, and has the kernel copy nothing but SYNs that
// come in.
func openSource(name string, w wanted) (s source, err error) {
	defer func() {
		if p := recover(); p != nil { // gopacket does when all devices are taken
			err = fmt.Errorf("%v", p)
		}
	}()
	b, err := bsdbpf.NewBPFSniffer(name, &bsdbpf.Options{ReadBufLen: bufferBPF, Immediate: true})
	if err != nil {
		return nil, err
	}
	fd := int(reflect.ValueOf(b).Elem().FieldByName("fd").Int()) // which gopacket keeps to itself
	kind, err := filterBPF(fd, name, w.port)
	if err != nil {
		b.Close()
		return nil, err
	}
	return &bpfSource{BPFSniffer: b, fd: fd, kind: kind, buf: make([]byte, b.GetReadBufLen())}, nil
}

// filterBPF sets the filter of the link that the interface is, after which the
// device forgets what it has. Interfaces without Ethernet may show packets only
// as they go out, as loopback does, so that there the direction is not looked at.
func filterBPF(fd int, name string, port uint16) (kind layers.LinkType, err error) {
	dlt, err := syscall.BpfDatalink(fd)
	if err != nil {
		return 0, fmt.Errorf("BIOCGDLT: %w", err)
	}
	kind, at, ok := linkOf(dlt, runtime.GOOS == "openbsd")
	if !ok {
		return kind, fmt.Errorf("link type %d is unknown", dlt)
	}
	list, err := bpf.Assemble(onlySYNs(nil, at, port))
	if err != nil {
		return kind, err
	}
	program := make([]syscall.BpfInsn, len(list))
	for i, in := range list {
		program[i] = syscall.BpfInsn{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	if err := syscall.SetBpf(fd, program); err != nil {
		return kind, fmt.Errorf("BIOCSETF: %w", err)
	}
	if kind == layers.LinkTypeEthernet {
		err = onlyIn(fd)
	}
	return kind, err
}

// ready says what is missing for bpf devices.
func ready() error {
	fd, err := unix.Open("/dev/bpf0", unix.O_RDWR, 0)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("/dev/bpf* are for root, or whom their permissions allow (--read, -f and filters need none): %w", os.ErrPermission)
	}
	if err == nil {
		unix.Close(fd)
	}
	return nil // a device that is taken is no reason: there are others
}
