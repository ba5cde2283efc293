package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"postern/lib/synfp"
)

// TestLinks finds the packet behind whatever a link has in front of it, a packet
// of IPv6 with a hop-by-hop header too, which gopacket takes out of packets.
func TestLinks(t *testing.T) {
	const (
		sll  = "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00"
		sll2 = "\x00\x00\x00\x00\x00\x02\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00"
		macs = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
		ip4  = "\x08\x00"
		ip6  = "\x86\xdd"
	)
	four := (&crafted{options: usualSYN}).packet(4242)
	six := extended((&crafted{six: true, options: usualSYN}).packet(4242), 0, "\x06\x00\x01\x04\x00\x00\x00\x00")
	for _, tt := range []struct {
		name       string
		link       layers.LinkType
		head, six6 string // of a packet of IPv4, and of one of IPv6; "-" where there is none
	}{
		{"Ethernet", layers.LinkTypeEthernet, macs + ip4, macs + ip6},
		{"a VLAN", layers.LinkTypeEthernet, macs + "\x81\x00\x00\x07" + ip4, macs + "\x81\x00\x00\x07" + ip6},
		{"PPPoE", layers.LinkTypeEthernet, macs + "\x88\x64\x11\x00\x00\x01\x00\x3e\x00\x21", macs + "\x88\x64\x11\x00\x00\x01\x00\x5a\x00\x57"},
		{"Linux, cooked", layers.LinkTypeLinuxSLL, sll + ip4, sll + ip6},
		{"Linux, cooked again", linkSLL2, ip4 + sll2, ip6 + sll2},
		{"Linux, cooked again, a VLAN", linkSLL2, "\x81\x00" + sll2 + "\x00\x07" + ip4, "\x81\x00" + sll2 + "\x00\x07" + ip6},
		{"PPP", layers.LinkTypePPP, "\x00\x21", "\x00\x57"},
		{"PPP with an address", layers.LinkTypePPP_HDLC, "\xff\x03\x00\x21", "\xff\x03\x00\x57"},
		{"loopback of a BSD", layers.LinkTypeNull, "\x02\x00\x00\x00", "\x1e\x00\x00\x00"},
		{"loopback of OpenBSD", layers.LinkTypeLoop, "\x00\x00\x00\x02", "\x00\x00\x00\x18"},
		{"raw", layers.LinkTypeRaw, "", ""},
		{"raw of a BSD", linkRawBSD, "", ""},
		{"raw of OpenBSD", linkRawOpenBSD, "", ""},
		{"raw, IPv4", layers.LinkTypeIPv4, "", "-"},
		{"raw, IPv6", layers.LinkTypeIPv6, "-", ""},
	} {
		for _, one := range []struct {
			head string
			ip   []byte
			want string
		}{
			{tt.head, four, usual},
			{tt.six6, six, "64240:57:1:88:M1460,S,T,N,W7"},
		} {
			if one.head == "-" {
				continue
			}
			frame := append([]byte(one.head), one.ip...)
			if s, err := decode(frame, tt.link); err != nil || s.String() != one.want {
				t.Errorf("%s: %s, %v, want %s", tt.name, s.String(), err, one.want)
			}
			for n := range frame {
				decode(frame[:n:n], tt.link)
			}
		}
	}
}

// captureCut is a file of pcap with frames, of which so many octets were taken.
func captureCut(t *testing.T, link uint32, most int, frames ...[]byte) string {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	w.WriteFileHeader(snap, layers.LinkType(link))
	for _, f := range frames {
		taken := f[:min(len(f), most)]
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: len(taken), Length: len(f)}, taken); err != nil {
			t.Fatal(err)
		}
	}
	text := b.Bytes()
	text[20], text[21] = byte(link), byte(link>>8) // of which gopacket writes eight bits
	return string(text)
}

// TestUnread: a capture of which nothing can be understood does not pass for one
// without SYNs.
func TestUnread(t *testing.T) {
	plain := frame(t, "192.0.2.1:4242", "192.0.2.9:25", 0)
	any := append([]byte("\x08\x00\x00\x00\x00\x00\x00\x02\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00"), plain[14:]...)
	for _, tt := range []struct {
		name, file string
		syns       int
		want       string
	}{
		{"tcpdump -i any", captureCut(t, 276, snap, any), 1, ""},
		{"another link", captureCut(t, 195, snap, plain, plain), 0, "frames from a link of type 195, which is unknown: 2"},
		{"tcpdump -s 68", captureCut(t, 1, 68, plain, plain), 0, "packets cut short: 2 (tcpdump -s 256 takes enough)"},
		{"cut behind the options", captureCut(t, 1, 74, plain), 1, ""},
	} {
		n := 0
		err := readFrom(strings.NewReader(tt.file), wanted{}, func(synfp.SYN) error { n++; return nil })
		if n != tt.syns || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %d SYNs, %v, want %d, %q", tt.name, n, err, tt.syns, tt.want)
		}
		if err != nil && exitStatus(err) != 65 {
			t.Errorf("%s: status %d", tt.name, exitStatus(err))
		}
	}
}
