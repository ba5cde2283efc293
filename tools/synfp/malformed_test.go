package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"

	"postern/lib/synfp"
	"postern/lib/sysexits"
)

// tagged puts tags of VLANs in front of the EtherType of a frame.
func tagged(frame []byte, tags ...string) []byte {
	return append(append(append([]byte{}, frame[:12]...), strings.Join(tags, "")...), frame[12:]...)
}

// extended puts extension headers in front of the TCP header of a packet of
// IPv6. Each names the one behind it.
func extended(packet []byte, first byte, headers ...string) []byte {
	text := strings.Join(headers, "")
	p := append(append(append([]byte{}, packet[:40]...), text...), packet[40:]...)
	p[5] += byte(len(text))
	p[6] = first
	return p
}

// oddFrames are frames that are unusual or malformed, and the fingerprint that
// they have nevertheless.
func oddFrames(t testing.TB) map[string]struct {
	frame []byte
	want  string
} {
	plain := frame(t, "192.0.2.1:4242", "192.0.2.9:25", 0)
	ethernet := func(packet []byte) []byte {
		kind := "\x08\x00"
		if packet[0]>>4 == 6 {
			kind = "\x86\xdd"
		}
		return append([]byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"+kind), packet...)
	}
	syn := func(c crafted) []byte { return ethernet(c.packet(4242)) }
	six := (&crafted{six: true, options: usualSYN}).packet(4242)
	const usual6 = "64240:57:1:"
	const options = ":M1460,S,T,N,W7"
	return map[string]struct {
		frame []byte
		want  string
	}{
		"plain":                {plain, usual},
		"a VLAN":               {tagged(plain, "\x81\x00\x00\x07"), usual},
		"a VLAN in a VLAN":     {tagged(plain, "\x88\xa8\x00\x09", "\x81\x00\x00\x07"), usual},
		"a tag and no more":    {plain[:12:12], ""},
		"hop by hop":           {ethernet(extended(six, 0, "\x06\x00\x01\x04\x00\x00\x00\x00")), usual6 + "88" + options},
		"destination, routing": {ethernet(extended(six, 60, "\x2b\x00\x01\x04\x00\x00\x00\x00", "\x06\x00\x00\x00\x00\x00\x00\x00")), usual6 + "96" + options},
		"the first fragment":   {ethernet(extended(six, 44, "\x06\x00\x00\x01\x12\x34\x56\x78")), usual6 + "88" + options},
		"a later fragment":     {ethernet(extended(six, 44, "\x06\x00\x00\x09\x12\x34\x56\x78")), ""},
		"an endless extension": {ethernet(extended(six, 0, "\x06\xff\x01\x04\x00\x00\x00\x00")), ""},
		"a row of extensions":  {ethernet(extended(six, 0, strings.Repeat("\x00\x00\x01\x04\x00\x00\x00\x00", 9))), ""},
		"authenticated":        {ethernet(extended(six, 51, "\x06\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")), ""},
		"a fragment of IPv4":   {syn(crafted{options: usualSYN, change: func(ip, _ []byte) { ip[7] = 3 }}), ""},
		"more to come of IPv4": {syn(crafted{options: usualSYN, change: func(ip, _ []byte) { ip[6] = 0x20 }}), "64240:57:0:60" + options},
		"a short IP header":    {syn(crafted{options: usualSYN, change: func(ip, _ []byte) { ip[0] = 0x44 }}), ""},
		"a short TCP header":   {syn(crafted{options: usualSYN, change: func(_, tcp []byte) { tcp[12] = 0x40 }}), ""},
		"a long TCP header":    {syn(crafted{options: usualSYN, change: func(_, tcp []byte) { tcp[12] = 0xf0 }}), ""},
		"an option of 0":       {syn(crafted{options: optMSS + "\x22\x00\x00\x00"}), "64240:57:1:48:M1460,?34"},
		"an option of 1":       {syn(crafted{options: optMSS + "\x03\x01\x00\x00"}), "64240:57:1:48:M1460,?3"},
		"an option of 40":      {syn(crafted{options: "\x22\x28" + strings.Repeat("x", 38)}), "64240:57:1:80:?34"},
		"an option of 41":      {syn(crafted{options: "\x22\x29" + strings.Repeat("x", 38)}), "64240:57:1:80:?34"},
		"an MSS of 3":          {syn(crafted{options: "\x02\x03\x05\x01"}), "64240:57:1:44:?2,N"},
		"nothing but ends":     {syn(crafted{options: strings.Repeat("\x00", 40)}), "64240:57:1:80:E"},
		"nothing but nothing":  {syn(crafted{options: strings.Repeat("\x01", 40)}), "64240:57:1:80:" + strings.Repeat("N,", 39) + "N"},
		"of no length":         {syn(crafted{options: usualSYN, change: func(ip, _ []byte) { ip[2], ip[3] = 0, 0 }}), "64240:57:1:0" + options},
	}
}

// TestOddFrames reads each, and cut after each of its octets: then nothing but a
// whole SYN is one.
func TestOddFrames(t *testing.T) {
	for name, tt := range oddFrames(t) {
		s, err := decode(tt.frame, layers.LinkTypeEthernet)
		if tt.want == "" && err == nil || tt.want != "" && s.String() != tt.want {
			t.Errorf("%s: %s, %v, want %q", name, s.String(), err, tt.want)
		}
		for n := range tt.frame {
			if s, err := decode(tt.frame[:n:n], layers.LinkTypeEthernet); err == nil && s.String() != tt.want {
				t.Errorf("%s, cut to %d octets: %s", name, n, s.String())
			}
		}
	}
}

// TestCutAnywhere reads captures of both formats that end after each octet: as
// many SYNs as are whole come, and the only error is that it is no capture.
func TestCutAnywhere(t *testing.T) {
	for _, ng := range []bool{false, true} {
		text, err := os.ReadFile(captureFile(t, ng))
		if err != nil {
			t.Fatal(err)
		}
		before := 0
		for n := range len(text) + 1 {
			found := 0
			err := readFrom(bytes.NewReader(text[:n]), wanted{}, func(synfp.SYN) error { found++; return nil })
			if err != nil && !errors.Is(err, errFormat) || found < before || found > 3 {
				t.Fatalf("pcapng %v, %d octets of %d: %d SYNs after %d, %v", ng, n, len(text), found, before, err)
			}
			before = found
		}
		if before != 3 {
			t.Errorf("pcapng %v: %d SYNs", ng, before)
		}
	}
}

// TestSpoiltAnywhere spoils each octet of captures in turn.
func TestSpoiltAnywhere(t *testing.T) {
	for _, ng := range []bool{false, true} {
		text, err := os.ReadFile(captureFile(t, ng))
		if err != nil {
			t.Fatal(err)
		}
		for i, octet := range text {
			for _, spoilt := range []byte{0, 1, 0x7f, 0x80, 0xff} {
				text[i] = spoilt
				err := readFrom(bytes.NewReader(text), wanted{}, func(s synfp.SYN) error {
					if _, err := synfp.Parse(s.String()); err != nil {
						return fmt.Errorf("%s: %w", s.String(), err)
					}
					return nil
				})
				if err != nil && exitStatus(err) != sysexits.DataErr {
					t.Errorf("pcapng %v, octet %d is %#x: %v", ng, i, spoilt, err)
				}
			}
			text[i] = octet
		}
	}
}
