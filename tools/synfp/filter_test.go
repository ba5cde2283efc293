package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/google/gopacket/layers"
	"golang.org/x/net/bpf"
)

// filterFor is the filter as a BSD gives it to a device, run here.
func filterFor(t testing.TB, at uint32, port uint16) *bpf.VM {
	t.Helper()
	vm, err := bpf.NewVM(onlySYNs(nil, at, port))
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

// TestFilter runs the BSDs' filters over frames of their links.
func TestFilter(t *testing.T) {
	four := frame(t, "192.0.2.1:4242", "192.0.2.9:25", 0)[14:]
	six := append([]byte("\x60\x00\x00\x00\x00\x14\x06\x40"), bytes.Repeat([]byte{0xfd}, 32)...)
	six = append(six, four[20:40]...)
	with := func(packet []byte, at int, octet byte) []byte {
		p := slices.Clone(packet)
		p[at] = octet
		return p
	}
	tests := []struct {
		name   string
		packet []byte
		want   bool
	}{
		{"SYN", four, true},
		{"SYN of IPv6", six, true},
		{"SYN behind options of IPv4", append(append(with(four[:20], 0, 0x46), 1, 1, 1, 1), four[20:]...), true},
		{"SYN behind an extension header", with(six, 6, 60), true},
		{"with CWR and ECE", with(four, 33, 0xc2), true},
		{"SYN and ACK", with(four, 33, 0x12), false},
		{"SYN and FIN", with(four, 33, 0x03), false},
		{"SYN and RST", with(four, 33, 0x06), false},
		{"ACK", with(four, 33, 0x10), false},
		{"UDP", with(four, 9, 17), false},
		{"ICMP of IPv6", with(six, 6, 58), false},
		{"a second fragment", with(four, 7, 5), false},
		{"another port", with(four, 23, 26), false},
		{"another port of IPv6", with(six, 43, 26), false},
		{"not IP", with(four, 0, 0x01), false},
		{"cut", four[:30], false},
	}
	for _, dlt := range []int{dltNull, dltEther, dltRaw, dltLoop} {
		kind, at, ok := linkOf(dlt, false)
		vm := filterFor(t, at, 25)
		for _, tt := range tests {
			n, err := vm.Run(append(make([]byte, at), tt.packet...))
			if (n > 0) != tt.want || err != nil || !ok {
				t.Errorf("%v: %s: %d octets are copied, %v", kind, tt.name, n, err)
			}
		}
	}
}

// FuzzFilter: what we would take for a SYN, the filter has let through.
func FuzzFilter(f *testing.F) {
	f.Add(frame(f, "192.0.2.1:4242", "192.0.2.9:25", 0))
	f.Add(frame(f, "192.0.2.1:4242", "192.0.2.9:80", 7))
	vm := filterFor(f, 14, 25)
	f.Fuzz(func(t *testing.T, data []byte) {
		packet, ok := ethernet(data)
		s, err := decode(data, layers.LinkTypeEthernet)
		if !ok || err != nil || len(packet) == 0 {
			return
		}
		if n, err := vm.Run(data); n == 0 && (wanted{port: 25}).matches(&s) || err != nil {
			t.Errorf("%x is not let through: %v", data, err)
		}
	})
}

// TestLinksOfOpenBSD: its numbers are not the others'.
func TestLinksOfOpenBSD(t *testing.T) {
	for dlt, want := range map[int]string{0: "Null 4", 1: "Ethernet 14", 12: "Loop 4", 14: "Raw 0"} {
		kind, at, ok := linkOf(dlt, true)
		if got := fmt.Sprintf("%v %d", kind, at); got != want || !ok {
			t.Errorf("%d: %s, want %s", dlt, got, want)
		}
	}
	if kind, _, ok := linkOf(105, true); ok {
		t.Errorf("a wireless link is %v", kind)
	}
}

// TestNextFrame reads buffers as kernels lay them out: FreeBSD aligns frames to
// eight octets, OpenBSD and macOS to four.
func TestNextFrame(t *testing.T) {
	for name, l := range map[string]bpfLayout{"FreeBSD": {16, 24, 8}, "OpenBSD": {8, 16, 4}, "macOS": {8, 16, 4}} {
		var buf []byte
		want := []string{"one", "", "three and four", "5"}
		for _, text := range want {
			header := make([]byte, l.hdrlen+2)
			binary.NativeEndian.PutUint32(header[l.caplen:], uint32(len(text)))
			binary.NativeEndian.PutUint16(header[l.hdrlen:], uint16(len(header)))
			buf = append(append(buf, header...), text...)
			buf = append(buf, make([]byte, -len(buf)&(l.align-1))...)
		}
		if got := allFrames(buf, l); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if got := allFrames(buf[:len(buf)-l.align], l); len(got) != len(want)-1 {
			t.Errorf("%s, cut: %q", name, got)
		}
	}
}

func allFrames(buf []byte, l bpfLayout) (list []string) {
	for {
		frame, rest := nextFrame(buf, l)
		if frame == nil {
			return list
		}
		list, buf = append(list, string(frame)), rest
	}
}

// FuzzNextFrame: whatever a kernel says, reading comes to an end.
func FuzzNextFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x04\x00\x00\x00\x12\x00four"))
	f.Fuzz(func(t *testing.T, buf []byte) {
		allFrames(buf, bpfLayout{8, 16, 4})
		allFrames(buf, bpfLayout{16, 24, 8})
	})
}
