package synfp

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, text := range []string{
		"64240:64:1:60:M1460,S,T,N,W7",
		"65495:64:1:60:M65495,S,T,N,W10",
		"0:255:0:40:.",
		"65535:128:1:52:M1460,N,W8,N,N,S",
		"65535:57:1:64:M1460,N,W6,N,N,T,S,E",
		"512:1:0:44:T0,?34,?2",
	} {
		f, err := Parse(text)
		if err != nil || f.String() != text {
			t.Errorf("Parse(%q) = %q, %v", text, f.String(), err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "1:2:3", "1:2:1:40:.:", "65536:64:1:60:.", "1:256:1:60:.", "1:64:2:60:.", "1:64:1:60:",
		"1:64:1:60:M", "1:64:1:60:T1", "1:64:1:60:X", "1:64:1:60:N,", "1:64:1:60:W256", "01:64:1:60:.", "+1:64:1:60:.",
		"1:64:1:60:" + strings.Repeat("N,", MaxOptions) + "N", strings.Repeat("1", 999),
	} {
		if f, err := Parse(text); !errors.Is(err, ErrFingerprint) {
			t.Errorf("Parse(%.30q) = %v, %v, want ErrFingerprint", text, f, err)
		}
	}
}

func TestHops(t *testing.T) {
	for ttl, want := range map[uint8]int{64: 0, 62: 2, 128: 0, 117: 11, 255: 0, 240: 15, 32: 0, 30: 2} {
		f := Fingerprint{TTL: ttl}
		if got := f.Hops(); got != want {
			t.Errorf("TTL %d: %d hops, want %d", ttl, got, want)
		}
	}
}

// Packets as they came by, whose checksums nobody looks at.
const (
	linux4 = "\x45\x00\x00\x3c\xc5\x46\x40\x00\x40\x06\x00\x00\x0a\x4d\x00\x01\x0a\x4d\x00\x02" +
		"\xce\x06\x00\x19\x82\xbe\x4f\x4e\x00\x00\x00\x00\xa0\x02\xfa\xf0\x00\x00\x00\x00" +
		"\x02\x04\x05\xb4\x04\x02\x08\x0a\xb8\xf7\x5c\x6f\x00\x00\x00\x00\x01\x03\x03\x0a"
	bare6 = "\x60\x00\x00\x00\x00\x14\x06\x40\xfd\x77\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\xfd\x77\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02" +
		"\x8b\x78\x00\x19\x00\x00\x00\x01\x00\x00\x00\x00\x50\x02\x20\x00\x00\x00\x00\x00"
)

func TestParsePacket(t *testing.T) {
	tests := []struct{ name, packet, client, want string }{
		{"linux", linux4, "10.77.0.1:52742", "64240:64:1:60:M1460,S,T,N,W10"},
		{"v6", bare6, "[fd77::1]:35704", "8192:64:1:60:."},
		{"no timestamp, may be fragmented", strings.NewReplacer("\x40\x00\x40\x06", "\x00\x00\x40\x06", "\xb8\xf7\x5c\x6f", "\x00\x00\x00\x00").Replace(linux4),
			"10.77.0.1:52742", "64240:64:0:60:M1460,S,T0,N,W10"},
		{"malformed option", strings.Replace(linux4, "\x04\x02\x08", "\x04\x63\x08", 1), "10.77.0.1:52742", "64240:64:1:60:M1460,?4"},
		{"v6 longer than a size can say", strings.Replace(bare6, "\x00\x14\x06", "\xff\xff\x06", 1), "[fd77::1]:35704", "8192:64:1:65535:."},
		{"option without an end", strings.Replace(linux4, "\x04\x02\x08", "\x04\x01\x08", 1), "10.77.0.1:52742", "64240:64:1:60:M1460,?4"},
		{"option without a length", linux4[:57] + "\x01\x01\x08", "10.77.0.1:52742", "64240:64:1:60:M1460,S,T,N,N,N,?8"},
		{"options of IP", "\x46" + linux4[1:20] + "\x01\x01\x01\x01" + linux4[20:], "10.77.0.1:52742", "64240:64:1:60:M1460,S,T,N,W10"},
		{"end of options", strings.Replace(linux4, "\x04\x02\x08", "\x00\x02\x08", 1), "10.77.0.1:52742", "64240:64:1:60:M1460,E"},
	}
	for _, tt := range tests {
		s, err := ParsePacket([]byte(tt.packet))
		if err != nil || s.String() != tt.want || s.Client.String() != tt.client || s.Server != netip.AddrPortFrom(s.Client.Addr().Next(), 25) {
			t.Errorf("%s: %s from %s to %s, %v; want %s from %s", tt.name, s.String(), s.Client, s.Server, err, tt.want, tt.client)
		}
	}
}

func TestParsePacketErrors(t *testing.T) {
	tests := []struct {
		name, packet string
		want         error
	}{
		{"header of IP too short", "\x44" + linux4[1:], ErrShort},
		{"options of IP cut off", "\x4f" + linux4[1:56], ErrShort},
		{"header of TCP too short", strings.Replace(linux4, "\xa0\x02", "\x40\x02", 1), ErrShort},
		{"UDP", strings.Replace(linux4, "\x40\x06", "\x40\x11", 1), ErrNotTCP},
		{"ARP", "\x00\x01", ErrNotTCP},
		{"SYN and ACK", strings.Replace(linux4, "\xa0\x02", "\xa0\x12", 1), ErrNotSYN},
		{"second fragment", strings.Replace(linux4, "\x40\x00\x40", "\x00\x05\x40", 1), ErrNotSYN},
	}
	for _, tt := range tests {
		if s, err := ParsePacket([]byte(tt.packet)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v, want %v", tt.name, s, err, tt.want)
		}
	}
	for _, whole := range []string{linux4, bare6} {
		for n := range len(whole) {
			if s, err := ParsePacket([]byte(whole[:n])); err != ErrShort {
				t.Errorf("%d octets: %v, %v", n, s, err)
			}
		}
	}
}

// TestQuirks changes a few octets of a packet.
func TestQuirks(t *testing.T) {
	tests := []struct {
		packet  string
		at      int
		octets  string
		want    string
		padding uint8
	}{
		{linux4, 0, "", "df,id+", 0},
		{linux4, 1, "\x04", "df,id+", 0}, // a class of service
		{linux4, 1, "\x01", "df,id+,ecn", 0},
		{linux4, 4, "\x00\x00", "df", 0},
		{linux4, 4, "\x00\x00\x00", "id-", 0},
		{linux4, 4, "\x00\x01\x00", "", 0},
		{linux4, 4, "\x01\x00\x00", "", 0},
		{linux4, 6, "\xc0", "df,id+,0+", 0},
		{linux4, 24, "\x00\x00\x00\x00", "df,id+,seq-", 0},
		{linux4, 24, "\x00\x00\x00\x01", "df,id+", 0},
		{linux4, 24, "\x01\x00\x00\x00", "df,id+", 0},
		{linux4, 28, "\x01", "df,id+,ack+", 0},
		{linux4, 31, "\x01", "df,id+,ack+", 0},
		{linux4, 32, "\xa1", "df,id+,ecn", 0},
		{linux4, 33, "\x42", "df,id+,ecn", 0},
		{linux4, 33, "\x0a", "df,id+,pushf+", 0},
		{linux4, 33, "\x22\xfa\xf0\x00\x00\x00\x01", "df,id+,urgf+", 0},
		{linux4, 38, "\x01", "df,id+,uptr+", 0},
		{linux4, 39, "\x01", "df,id+,uptr+", 0},
		{linux4, 44, "\x00", "df,id+,opt+", 15},
		{linux4, 45, "\x63", "df,id+,bad", 0},
		{linux4, 48, "\x00\x00\x00\x00", "df,id+,ts1-", 0},
		{linux4, 55, "\x01", "df,id+,ts2+", 0},
		{linux4, 56, "\x00\x00\x00\x00", "df,id+", 3},
		{linux4, 59, "\x0e", "df,id+", 0},
		{linux4, 59, "\x0f", "df,id+,exws", 0},
		{bare6, 0, "", "", 0},
		{bare6, 1, "\x40", "", 0},
		{bare6, 1, "\x10", "ecn", 0},
		{bare6, 1, "\x01", "flow", 0},
		{bare6, 2, "\x01", "flow", 0},
		{bare6, 3, "\x01", "flow", 0},
	}
	for _, tt := range tests {
		packet := tt.packet[:tt.at] + tt.octets + tt.packet[tt.at+len(tt.octets):]
		s, err := ParsePacket([]byte(packet))
		if got := s.Quirks.String(); err != nil || got != tt.want || s.Padding != tt.padding || s.Payload {
			t.Errorf("%q at %d: %s, padding %d, %v; want %s, %d", tt.octets, tt.at, got, s.Padding, err, tt.want, tt.padding)
		}
	}
}

func TestRepeats(t *testing.T) {
	first, err := ParsePacket([]byte(linux4))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[int]bool{5: true, 8: true, 15: false, 19: false, 21: false, 23: false, 24: false, 27: false, 40: true} {
		packet := []byte(linux4)
		packet[at] ^= 1
		if again, _ := ParsePacket(packet); first.Repeats(&again) != want {
			t.Errorf("octet %d another: want %v", at, want)
		}
	}
}

func FuzzParsePacket(f *testing.F) {
	f.Add([]byte(linux4))
	f.Add([]byte(bare6))
	p0f, err := Read("x.fp", strings.NewReader("[mtu]\nlabel = x\nsig = 1500\n[tcp:request]\nlabel = g:unix:x:\n"+
		"sig = *:255-:0:*:mtu*2,*:mss,sok,ts,nop,ws:df,id+:*\nsig = 6:64:0:*:%8,*:mss,?34,eol+1:flow,bad:+\nsig = 4:64:4:*:*,*::0+,id-:0\n"))
	if err != nil {
		f.Fatal(err)
	}
	all := Join(Own(), p0f)
	f.Fuzz(func(t *testing.T, p []byte) {
		s, err := ParsePacket(p)
		if err != nil {
			return
		}
		again, err := Parse(s.String())
		if err != nil || again.String() != s.String() {
			t.Errorf("%q is read as %q, %v", s.String(), again.String(), err)
		}
		found, _ := all.NameSYN(&s, UsualMTU)
		if n := found.Hops(&s.Fingerprint); n < 0 || n > 255 {
			t.Errorf("%d hops", n)
		}
		all.Link(&s)
		if q, ok := parseQuirks(s.Quirks.String()); q != s.Quirks || !ok {
			t.Errorf("quirks %q are read as %q", s.Quirks, q)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("64240:64:1:60:M1460,S,T,N,W7")
	f.Add("1:64:0:40:.")
	f.Fuzz(func(t *testing.T, text string) {
		if fp, err := Parse(text); err == nil && fp.String() != text {
			t.Errorf("%q is written %q", text, fp.String())
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(own)
	f.Add("classes = unix\n[tcp:request]\nlabel = s:unix:X:1\nsig = *:64:0:*:mss*20,7:mss,sok,ts,nop,ws,eol+1:df,id+:0\n")
	fp, _ := Parse("64240:64:1:60:M1460,S,T,N,W7")
	f.Fuzz(func(t *testing.T, text string) {
		d, _ := Read("x.fp", strings.NewReader(text))
		d.Name(&fp, UsualMTU)
	})
}

func TestOwn(t *testing.T) {
	tests := []struct{ fingerprint, want string }{
		{"64240:64:1:60:M1460,S,T,N,W10", "Linux 4.20 or later"},
		{"64800:60:1:80:M1440,S,T,N,W10", "Linux 4.20 or later"},
		{"64240:60:1:60:M1300,S,T,N,W7", "Linux 4.20 or later"}, // a router changed the MSS
		{"65495:64:1:60:M65495,S,T,N,W10", "Linux 4.20 or later, loopback"},
		{"29200:51:1:60:M1460,S,T,N,W7", "Linux 3.11 to 4.19"},
		{"65340:60:1:60:M1452,S,T,N,W7", "Linux 4.20 or later"}, // PPPoE
		{"64800:60:1:60:M1440,S,T,N,W7", "Linux 4.20 or later"}, // IPIP
		{"62720:60:1:60:M8960,S,T,N,W7", "Linux 4.20 or later, jumbo frames"},
		{"62727:60:1:60:M8961,S,T,N,W7", "Linux 4.20 or later, jumbo frames"},
		{"65535:60:1:60:M1460,S,T,N,W9", "Android, or Linux with a large receive buffer"},
		{"64240:117:1:52:M1460,N,W8,N,N,S", "Windows 10 or later"},
		{"65535:117:1:52:M1460,N,W8,N,N,S", "Windows 10 or later"},
		{"65535:117:1:52:M1460,N,W2,N,N,S", "Windows NT kernel"},
		{"65535:57:1:60:M1460,N,W6,S,T", "FreeBSD 9 or later"},
		{"65535:57:1:60:M1460,N,W9,S,T", "FreeBSD"},
		{"16384:57:1:64:M1460,N,N,S,N,W3,N,N,T", "OpenBSD 4.9 to 6.0"},
		{"16384:57:1:64:M1460,N,N,S,N,W6,N,N,T", "OpenBSD 6.1 or later"},
		{"16384:57:1:64:M1460,N,N,S,N,W7,N,N,T", "OpenBSD"},
		{"65535:57:1:64:M1460,N,W6,N,N,T,S,E", "macOS or iOS"},
		{"65535:57:1:64:M1460,N,W4,N,N,T,S,E", "macOS 10.9 or later, or iOS"},
		{"65535:57:1:64:M1460,N,W2,N,N,T,S,E", "macOS or iOS"},
		{"1024:44:0:44:M1460", ""},
		{"64240:20:1:60:M1460,S,T,N,W10", ""}, // 44 routers
	}
	d := Own()
	for _, tt := range tests {
		f, err := Parse(tt.fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		if s, _ := d.Name(&f, UsualMTU); s.String() != tt.want {
			t.Errorf("%s: %q, want %q", tt.fingerprint, s, tt.want)
		}
		if s, ok := Name(&f, UsualMTU); s.String() != tt.want || ok != (tt.want != "") {
			t.Errorf("Name of %s: %q, want %q", tt.fingerprint, s, tt.want)
		}
	}
}

func TestUsualMTU(t *testing.T) {
	f, _ := Parse("64240:60:1:60:M1300,S,T,N,W7")
	if s, _ := Own().Name(&f, 0); s.String() != "Linux" {
		t.Errorf("without an MTU: %q, want the rough guess", s)
	}
}

// TestGrammars reads both, and p0f's rough guesses come last.
func TestGrammars(t *testing.T) {
	const pf = "# comment\n%8192:128:1:*:M*,N,W%2,N,N,S:@Windows:NT:x:\nT4:64:1:60:M1400,S,T0,N,W0:Linux:2.4::Linux 2.4\n*:255:0:44:M*:Router::any:\n"
	const p0f = "classes = win\n[mtu]\nsig = 1500\n[tcp:request]\nlabel = g:unix:Linux:any\nsig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0\n" +
		"label = s:unix:Linux:3.11\nsys = x\nsig = *:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+:0\nsig = 6:64-:0:1440:mtu*2,*:mss,?34,eol+1::0\n"
	tests := []struct{ database, fingerprint, want string }{
		{pf, "16384:120:1:99:M1,N,W8,N,N,S", "Windows NT x"},
		{pf, "16384:120:1:99:M1,N,W7,N,N,S", ""},
		{pf, "5760:60:1:60:M1400,S,T0,N,W0", "Linux 2.4"},
		{pf, "6000:60:1:60:M1400,S,T0,N,W0", "Linux 2.4"}, // 4 times 1500
		{pf, "6000:60:1:60:M1400,S,T,N,W0", ""},
		{pf, "7:250:0:44:M9", "Router any"},
		{pf, "7:250:1:44:M9", ""},
		{p0f, "29200:60:1:60:M1460,S,T,N,W7", "Linux 3.11"},
		{p0f, "29200:60:1:60:M1460,S,T,N,W9", "Linux any"},
		{p0f, "3000:1:1:68:M1440,?34,E", "Linux 3.11"},
		{p0f, "3000:1:1:48:M1440,?34,E", ""}, // of IPv4
	}
	for _, tt := range tests {
		d, err := Read("x.fp", strings.NewReader(tt.database))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(tt.fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		if s, _ := d.Name(&f, UsualMTU); s.String() != tt.want {
			t.Errorf("%s: %q, want %q", tt.fingerprint, s, tt.want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"1:2:3\n":                    "x.fp:1: not window:ttl",
		"x:64:1:60:.:a:b:c:d\n":      "x.fp:1: window",
		"1:64:1:60:Q:a:b:c:d\n":      `option "Q"`,
		"1:64:7:60:.:a:b:c:d\n":      "df",
		"[tcp:request]\nsig = 1\n":   "x.fp:2: not version",
		"[tcp:request]\nlabel = x\n": "label",
		"[tcp:request]\nsig = *:64:0:*:mss*20,7:magic:df,id+:0\n":    `option "magic"`,
		"[tcp:request]\nsig = *:64:0:*:mss*20,7:mss:df,strange:0\n":  `unknown quirk in "df,strange"`,
		"[tcp:request]\nsig = *:64:0:*:mss*20,7:mss:df:?\n":          "x.fp:2: not version",
		"[tcp:request]\nsig = 5:64:0:*:mss*20,7:mss:df:0\n":          "x.fp:2: not version",
		"[tcp:request]\nsig = *:64:0:*:mss*20:mss:df:0\n":            "x.fp:2: not version",
		"[tcp:request]\nsig = *:999:0:*:mss*20,7:mss:df:0\n":         "out of range",
		"[tcp:request]\nsig = *:64:0:*:mss*20,7:eol+x:df:0\n":        `option "eol+x"`,
		"[mtu]\nlabel = x\nsig = much\n":                             "x.fp:3: MTU",
		strings.Repeat("1:2:3\n", 30):                                "x.fp: and 10 errors more",
		"1:64:1:60:.:a:b:c:" + strings.Repeat("d", 2*maxLine) + "\n": "x.fp:1: bufio.Scanner: token too long",
	} {
		if _, err := Read("x.fp", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func BenchmarkName(b *testing.B) {
	for _, text := range []string{"64240:64:1:60:M1460,S,T,N,W7", "65495:64:1:60:M65495,S,T,N,W10", "1024:50:0:44:M1460"} {
		f, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				Name(&f, UsualMTU)
			}
		})
	}
}

// TestLink tells kinds of networks by their MTU, with IPv6 too.
func TestLink(t *testing.T) {
	d := Own()
	for text, want := range map[string]string{
		"64240:64:1:60:M1460,S,T,N,W7": "Ethernet or modem",
		"64800:64:1:80:M1440,S,T,N,W7": "Ethernet or modem",
		"65340:64:1:60:M1452,S,T,N,W7": "DSL",
		"62720:64:1:60:M8960,S,T,N,W7": "",
		"64240:64:1:40:.":              "",
	} {
		f, err := Parse(text)
		if got := d.Link(&SYN{Fingerprint: f}); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
}

// TestSystemHops counts from the time to live that a system begins with.
func TestSystemHops(t *testing.T) {
	f := Fingerprint{TTL: 58}
	for ttl, want := range map[uint8]int{60: 2, 64: 6, 0: 6, 255: 6, 50: 6} {
		if got := (System{TTL: ttl}).Hops(&f); got != want {
			t.Errorf("from %d: %d, want %d", ttl, got, want)
		}
	}
}
