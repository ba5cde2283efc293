//go:build darwin || freebsd || netbsd || openbsd

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/gopacket"
	"github.com/google/gopacket/bsdbpf"
	"github.com/google/gopacket/layers"
)

// bpfSource is a bpf(4) device.
type bpfSource struct {
	*bsdbpf.BPFSniffer
	kind layers.LinkType
}

func (s *bpfSource) link() layers.LinkType { return s.kind }

// ZeroCopyReadPacketData reads a frame; it is good until the next.
func (s *bpfSource) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	return s.ReadPacketData()
}

// openSource opens an interface. The filter is ours: gopacket gives none to the
// device.
func openSource(name string, _ wanted) (source, error) {
	b, err := bsdbpf.NewBPFSniffer(name, &bsdbpf.Options{ReadBufLen: 1 << 16, Immediate: true})
	if errors.Is(err, os.ErrPermission) || err != nil && strings.Contains(err.Error(), "/dev/bpf") {
		return nil, fmt.Errorf("%v (reading /dev/bpf* is for root, or whom its permissions allow; --read, -f and filters need none): %w", err, os.ErrPermission)
	}
	if err != nil {
		return nil, err
	}
	kind := layers.LinkTypeEthernet
	if strings.HasPrefix(name, "lo") || strings.HasPrefix(name, "tun") || strings.HasPrefix(name, "utun") {
		kind = layers.LinkTypeNull
	}
	return &bpfSource{b, kind}, nil
}
