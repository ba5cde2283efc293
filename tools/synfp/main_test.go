package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"postern/lib/place"
	"postern/lib/synfp"
)

// frame is a SYN on Ethernet, with a VLAN's tag where tag is not 0.
func frame(t testing.TB, from, to string, tag uint16) []byte {
	t.Helper()
	src, dst := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	eth := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	list := []gopacket.SerializableLayer{eth}
	if tag != 0 {
		eth.EthernetType = layers.EthernetTypeDot1Q
		list = append(list, &layers.Dot1Q{VLANIdentifier: tag, Type: layers.EthernetTypeIPv4})
	}
	list = append(list,
		&layers.IPv4{Version: 4, TTL: 57, Flags: layers.IPv4DontFragment, Protocol: layers.IPProtocolTCP, SrcIP: src.Addr().AsSlice(), DstIP: dst.Addr().AsSlice()},
		&layers.TCP{SrcPort: layers.TCPPort(src.Port()), DstPort: layers.TCPPort(dst.Port()), SYN: true, Window: 64240, Options: []layers.TCPOption{
			{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 0xb4}},
			{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2},
			{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: []byte("12345678")},
			{OptionType: layers.TCPOptionKindNop}, {OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
		}})
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, list...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const usual = "64240:57:1:60:M1460,S,T,N,W7"

// captureFile is a capture of three SYNs, the last cut off.
func captureFile(t testing.TB, ng bool) string {
	t.Helper()
	var b bytes.Buffer
	var w interface {
		WritePacket(gopacket.CaptureInfo, []byte) error
	}
	if ng {
		ngw, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
		if err != nil {
			t.Fatal(err)
		}
		defer ngw.Flush()
		w = ngw
	} else {
		pw := pcapgo.NewWriter(&b)
		pw.WriteFileHeader(snap, layers.LinkTypeEthernet)
		w = pw
	}
	for i, to := range []string{"192.0.2.9:25", "192.0.2.9:80", "192.0.2.9:25"} {
		f := frame(t, "192.0.2.1:4242", to, uint16(i))
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: len(f), Length: len(f)}, f); err != nil {
			t.Fatal(err)
		}
	}
	if ngw, ok := w.(*pcapgo.NgWriter); ok {
		ngw.Flush()
	}
	name := filepath.Join(t.TempDir(), "pcap")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const snap = 65536

func call(stdin string, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func TestRun(t *testing.T) {
	t.Setenv("POSTERN_ROOT", t.TempDir())
	pf := filepath.Join(t.TempDir(), "pf.os")
	if err := os.WriteFile(pf, []byte("S44:64:1:60:M*,S,T,N,W7:Plan:10::\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	old, ng := captureFile(t, false), captureFile(t, true)
	line := "192.0.2.1 4242 " + usual + "\n"
	tests := []struct {
		name, stdin string
		args        []string
		status      int
		out, err    string
	}{
		{name: "the page's example", args: []string{"-f", usual}, out: "Linux 4.20 or later, 7 hops away\n"},
		{name: "a database", args: []string{"--db", pf, "-f", usual}, out: "Plan 10, 7 hops away\n"},
		{name: "a record", args: []string{"-l", "-f", usual}, out: "syn_fingerprint=" + usual + ` syn_os="Linux 4.20 or later"` + "\n"},
		{name: "unknown", args: []string{"-f", "1:63:0:40:."}, out: "unknown, 1 hop away\n"},
		{name: "an empty fingerprint", args: []string{"-f", ""}, stdin: "helo_name=x\n", status: 65, err: "no SYN fingerprint"},
		{name: "an empty file name", args: []string{"--read", ""}, stdin: "helo_name=x\n", status: 66, err: "no such file"},
		{name: "no fingerprint", args: []string{"-f", "x"}, status: 65, err: "no SYN fingerprint"},
		{name: "pcap", args: []string{"--read", old}, out: line + line + line},
		{name: "pcapng", args: []string{"--read", ng}, out: line + line + line},
		{name: "one port", args: []string{"--read", old, "80"}, out: line},
		{name: "one address", args: []string{"--read", old, "0", "192.0.2.8"}},
		{name: "names", args: []string{"-v", "--read", old, "80"}, out: strings.TrimSuffix(line, "\n") + " (Linux 4.20 or later, 7 hops away)\n"},
		{name: "JSON", args: []string{"-J", "--read", old, "80"}, out: `"syn_os":"Linux 4.20 or later"`},
		{name: "no capture", args: []string{"--read", pf}, status: 65, err: "not a capture"},
		{name: "no file", args: []string{"--read", pf + "x"}, status: 66, err: "no such file"},
		{name: "no port", args: []string{"smtp"}, status: 64, err: `"smtp" is not a port`},
		{name: "no MTU", args: []string{"--mtu", "9", "-f", usual}, status: 64, err: "an MTU is"},
		{name: "filter", stdin: "helo_name=x syn_fingerprint=" + usual + " syn_os=forged\n", out: "helo_name=x syn_fingerprint=" + usual + ` syn_os="Linux 4.20 or later"`},
		{name: "filter of nonsense", stdin: "syn_fingerprint=x\n", out: "error="},
		{name: "filter without a collector", stdin: "client_address=192.0.2.1 client_port=1\n", out: "error=\"synfp: no collector (synfp --collect): dial unix "},
		{name: "policy", args: []string{"-P"}, stdin: "request=smtpd_access_policy\nclient_address=192.0.2.1\nsyn_fingerprint=" + usual + "\n\n",
			out: "action=PREPEND X-Avenger: version=" + place.Version() + "; client-ip=192.0.2.1; syn-fingerprint=" + usual + "\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := call(tt.stdin, tt.args...)
			if status != tt.status || !strings.Contains(out, tt.out) || (tt.out == "") != (out == "") || !strings.Contains(errs, tt.err) {
				t.Errorf("%d, %q, %q; want %d, %q, %q", status, out, errs, tt.status, tt.out, tt.err)
			}
		})
	}
}

// TestCutFile reads a capture as far as it goes.
func TestCutFile(t *testing.T) {
	name := captureFile(t, false)
	st, err := os.Stat(name)
	if err == nil {
		err = os.Truncate(name, st.Size()-9)
	}
	if err != nil {
		t.Fatal(err)
	}
	if status, out, errs := call("", "--read", name); status != 0 || strings.Count(out, "\n") != 2 {
		t.Errorf("%d, %q, %q", status, out, errs)
	}
}

// FuzzDecode has gopacket and us read malformed frames of each kind of link.
func FuzzDecode(f *testing.F) {
	for _, link := range links {
		f.Add(frame(f, "192.0.2.1:4242", "192.0.2.9:25", 0), uint8(link))
		f.Add(frame(f, "192.0.2.1:4242", "192.0.2.9:25", 7), uint8(link))
		f.Add(frame(f, "192.0.2.1:4242", "192.0.2.9:25", 0)[14:], uint8(link))
	}
	for _, odd := range oddFrames(f) {
		f.Add(odd.frame, uint8(layers.LinkTypeEthernet))
	}
	f.Fuzz(func(t *testing.T, data []byte, link uint8) {
		s, err := decode(data, layers.LinkType(link))
		if err != nil {
			return
		}
		if _, err := synfp.Parse(s.String()); err != nil {
			t.Errorf("%q: %v", s.String(), err)
		}
	})
}

var links = []layers.LinkType{layers.LinkTypeEthernet, layers.LinkTypeRaw, layers.LinkTypeNull, layers.LinkTypeLinuxSLL}

// FuzzPacket: of a packet that gopacket reads whole, we say the same. It makes a
// length of one that is 0.
func FuzzPacket(f *testing.F) {
	f.Add(frame(f, "192.0.2.1:4242", "192.0.2.9:25", 0)[14:])
	f.Add(append([]byte("\x60\x00\x00\x00\x00\x18\x06\x40 20 octets, a address 20 octets, a address"), "\x10\x92\x00\x190000\x00\x00\x00\x00\x60\x02\xff\xff\x00\x00\x00\x00\x02\x04\x05\xb4"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		first := layers.LayerTypeIPv4
		if len(data) == 0 {
			return
		} else if data[0]>>4 == 6 {
			first = layers.LayerTypeIPv6
		} else if data[0]>>4 != 4 { // at which gopacket does not look
			return
		}
		s, err := synfp.ParsePacket(data)
		p := gopacket.NewPacket(data, first, gopacket.NoCopy)
		tcp, ok := p.TransportLayer().(*layers.TCP)
		if !ok || p.ErrorLayer() != nil || p.Metadata().Truncated {
			return
		}
		if syn := tcp.SYN && !tcp.ACK && !tcp.RST && !tcp.FIN; syn != (err == nil) {
			t.Fatalf("%v, %v", tcp, err)
		}
		if err != nil {
			return
		}
		if s.Client.Port() != uint16(tcp.SrcPort) || s.Server.Port() != uint16(tcp.DstPort) || s.Window != tcp.Window || s.Sequence != tcp.Seq {
			t.Errorf("%+v, want %+v", s, tcp)
		}
		switch ip := p.NetworkLayer().(type) {
		case *layers.IPv4:
			if s.TTL != ip.TTL || s.Size != ip.Length && s.Size != 0 || s.DF != (ip.Flags&layers.IPv4DontFragment != 0) {
				t.Errorf("%+v, want %+v", s, ip)
			}
		case *layers.IPv6:
			if s.TTL != ip.HopLimit || !s.DF {
				t.Errorf("%+v, want %+v", s, ip)
			}
		}
		kinds := make([]layers.TCPOptionKind, len(s.Options))
		for i, o := range s.Options {
			kinds[i] = layers.TCPOptionKind(o.Kind)
		}
		if !slices.EqualFunc(kinds, tcp.Options, func(k layers.TCPOptionKind, o layers.TCPOption) bool { return k == o.OptionType }) {
			t.Errorf("%v, want %v", s.Options, tcp.Options)
		}
	})
}

// FuzzReadFile reads malformed captures.
func FuzzReadFile(f *testing.F) {
	f.Add([]byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00"))
	f.Add([]byte("\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x1c\x00\x00\x00"))
	for _, ng := range []bool{false, true} {
		text, err := os.ReadFile(captureFile(f, ng))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		readFrom(bytes.NewReader(data), wanted{}, func(synfp.SYN) error { return nil })
	})
}

func writeFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
