package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"postern/lib/synfp"
)

// TestSeveralLinks reads a pcapng file with interfaces of several kinds.
func TestSeveralLinks(t *testing.T) {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := w.AddInterface(pcapgo.NgInterface{Name: "tun0", LinkType: layers.LinkTypeRaw})
	if err != nil {
		t.Fatal(err)
	}
	full := frame(t, "192.0.2.1:4242", "192.0.2.9:25", 0)
	for i, data := range map[int][]byte{0: full, raw: full[14:]} {
		info := gopacket.CaptureInfo{CaptureLength: len(data), Length: len(data), InterfaceIndex: i}
		if err := w.WritePacket(info, data); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	n := 0
	err = readFrom(&b, wanted{}, func(s synfp.SYN) error {
		if n++; s.String() != usual {
			t.Errorf("%s, want %s", s.String(), usual)
		}
		return nil
	})
	if n != 2 || err != nil {
		t.Errorf("%d SYNs, %v", n, err)
	}
}

// TestHugeLengths: no room is made for what a file only claims to have.
func TestHugeLengths(t *testing.T) {
	const ff = "\xff\xff\xff\x7f"
	le := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	section := le(0x0a0d0d0a) + le(28) + le(0x1a2b3c4d) + "\x01\x00\x00\x00" + strings.Repeat("\xff", 8) + le(28)
	device := le(1) + le(20) + "\x01\x00\x00\x00" + ff + le(20)
	header := "\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + strings.Repeat("\x00", 8) + ff + "\x01\x00\x00\x00"
	for name, text := range map[string]string{
		"pcap":             header + strings.Repeat("\x00", 8) + ff + ff,
		"a block":          section + device + le(6) + ff + ff,
		"a section":        le(0x0a0d0d0a) + ff + le(0x1a2b3c4d),
		"an enhanced one":  section + device + le(6) + le(36) + strings.Repeat("\x00", 12) + ff + ff + strings.Repeat("\x00", 4) + le(36),
		"a simple one":     section + device + le(3) + le(20) + ff + strings.Repeat("\x00", 4) + le(20),
		"an obsolete one":  section + device + le(2) + le(36) + strings.Repeat("\x00", 12) + ff + ff + strings.Repeat("\x00", 4) + le(36),
		"a block of 0":     section + device + le(6) + le(0) + strings.Repeat("\x00", 20),
		"no byte order":    le(0x0a0d0d0a) + le(28) + strings.Repeat("\x00", 20),
		"a later version":  "\xd4\xc3\xb2\xa1\x03\x00\x04\x00" + strings.Repeat("\x00", 16),
		"something else":   "EHLO mx.example\r\n",
		"nothing whatever": "",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := readFrom(strings.NewReader(text), wanted{}, func(synfp.SYN) error { return nil })
		runtime.ReadMemStats(&after)
		if !errors.Is(err, errFormat) {
			t.Errorf("%s: %v", name, err)
		}
		used := after.TotalAlloc - before.TotalAlloc
		if used > 4*maxFrame {
			t.Errorf("%s: %d octets are used", name, used)
		}
	}
}
