package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"postern/lib/e2e"
	"postern/lib/synfp"
)

// A crafted SYN is one that no kernel sends.
type crafted struct {
	name    string
	six     bool
	options string
	payload string
	ip      string // options of IPv4
	change  func(ip, tcp []byte)
}

// Options of TCP.
const (
	optMSS   = "\x02\x04\x05\xb4"
	optSACK  = "\x04\x02"
	optStamp = "\x08\x0a\x00\x01\x02\x03\x00\x00\x00\x00"
	optScale = "\x03\x03\x07"
	optNop   = "\x01"
	usualSYN = optMSS + optSACK + optStamp + optNop + optScale
)

// packet is the IP packet, from a port of 192.0.2.1 or fd00::1 to port 25.
func (c *crafted) packet(port uint16) []byte {
	tcp := make([]byte, 20, 80)
	binary.BigEndian.PutUint16(tcp, port)
	copy(tcp[2:], "\x00\x19\x11\x22\x33\x44")
	tcp = append(tcp, c.options...)
	tcp[12], tcp[13] = byte(len(tcp)/4)<<4, 2
	binary.BigEndian.PutUint16(tcp[14:], 64240)
	ip := append([]byte("\x45\x00\x00\x00\x12\x34\x40\x00\x39\x06\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x09"), c.ip...)
	ip[0] = 0x40 | byte(len(ip)/4)
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(tcp)+len(c.payload)))
	if c.six {
		ip = append([]byte("\x60\x00\x00\x00\x00\x00\x06\x39"), strings.Repeat("\xfd", 32)...)
		binary.BigEndian.PutUint16(ip[4:], uint16(len(tcp)+len(c.payload)))
	}
	if c.change != nil {
		c.change(ip, tcp)
	}
	return append(append(ip, tcp...), c.payload...)
}

// craft is SYNs with each of p0f's quirks, kinds of windows and layouts.
func craft() []crafted {
	window := func(n uint16) func(ip, tcp []byte) {
		return func(_, tcp []byte) { binary.BigEndian.PutUint16(tcp[14:], n) }
	}
	set := func(at int, octet byte) func(ip, tcp []byte) {
		return func(_, tcp []byte) { tcp[at] = octet }
	}
	setIP := func(at int, octet byte) func(ip, tcp []byte) {
		return func(ip, _ []byte) { ip[at] = octet }
	}
	noID := func(ip, _ []byte) { ip[4], ip[5] = 0, 0 }
	return []crafted{
		{name: "usual", options: usualSYN},
		{name: "usual, IPv6", six: true, options: usualSYN},
		{name: "no options"},
		{name: "no options, IPv6", six: true},
		{name: "no identification with DF", options: usualSYN, change: noID},
		{name: "no identification without DF", options: usualSYN, change: func(ip, _ []byte) { noID(ip, nil); ip[6] = 0 }},
		{name: "identification without DF", options: usualSYN, change: setIP(6, 0)},
		{name: "ECN of IP", options: usualSYN, change: setIP(1, 2)},
		{name: "ECN of IPv6", six: true, options: usualSYN, change: setIP(1, 0x20)},
		{name: "ECN of TCP", options: usualSYN, change: set(13, 0xc2)},
		{name: "must be zero", options: usualSYN, change: setIP(6, 0xc0)},
		{name: "flow label", six: true, options: usualSYN, change: setIP(3, 9)},
		{name: "sequence number zero", options: usualSYN, change: func(_, tcp []byte) { copy(tcp[4:8], "\x00\x00\x00\x00") }},
		{name: "acknowledgement number", options: usualSYN, change: func(_, tcp []byte) { copy(tcp[8:12], "\x01\x01\x01\x01") }},
		{name: "urgent pointer", options: usualSYN, change: set(19, 9)},
		{name: "URG", options: usualSYN, change: set(13, 0x22)},
		{name: "PSH", options: usualSYN, change: set(13, 0x0a)},
		{name: "timestamp zero", options: strings.Replace(usualSYN, "\x00\x01\x02\x03", "\x00\x00\x00\x00", 1)},
		{name: "second timestamp", options: strings.Replace(usualSYN, "\x03\x00\x00\x00\x00", "\x03\x00\x00\x00\x01", 1)},
		{name: "padding", options: optMSS + "\x00\x00\x00\x00"},
		{name: "padding that is not zero", options: optMSS + "\x00\x00\x07\x00"},
		{name: "one octet of padding", options: optMSS + optSACK + "\x00\x00"},
		{name: "a scale of 15", options: optMSS + optNop + "\x03\x03\x0f"},
		{name: "an option cut off", options: optMSS + optNop + optNop + optNop + "\x22"},
		{name: "an option of length 0", options: optMSS + "\x22\x00\x00\x00"},
		{name: "an option of length 1", options: optMSS + "\x22\x01\x00\x00"},
		{name: "an option that is too long", options: optMSS + "\x22\x28\x00\x00"},
		{name: "an unknown option", options: optMSS + "\x22\x04\x01\x02"},
		{name: "an acknowledgement in a SYN", options: optMSS + optNop + optNop + "\x05\x0a12345678"},
		{name: "nothing but no-operations", options: strings.Repeat(optNop, 20)},
		{name: "more options than p0f reads", options: strings.Repeat(optNop, 40)},
		{name: "data", options: usualSYN, payload: "EHLO x\r\n"},
		{name: "data, IPv6", six: true, options: usualSYN, payload: "EHLO x\r\n"},
		{name: "an option of IPv4", options: usualSYN, ip: "\x94\x04\x00\x00"},
		{name: "window 0", options: usualSYN, change: window(0)},
		{name: "window of the MSS less 12", options: usualSYN, change: window(3 * 1448)},
		{name: "window of another's MSS", options: "\x02\x04\x05\x00" + optSACK + optStamp + optNop + optScale, change: window(4 * 1460)},
		{name: "window of the MTU", options: usualSYN, change: window(2 * 1500)},
		{name: "window of the MTU of IPv6", six: true, options: strings.Replace(usualSYN, "\x05\xb4", "\x05\x00", 1), change: window(2 * 1340)},
		{name: "window of MSS and headers", options: strings.Replace(usualSYN, "\x05\xb4", "\x05\x00", 1), change: window(3 * 1340)},
		{name: "window of nothing", options: usualSYN, change: window(10007)},
		{name: "a small MSS", options: strings.Replace(usualSYN, "\x05\xb4", "\x00\x60", 1), change: window(960)},
		{name: "Linux 3.11", options: usualSYN, change: window(29200)},
		{name: "Linux 3.11, a scale of its own", options: strings.Replace(usualSYN, optScale, "\x03\x03\x09", 1), change: window(29200)},
		{name: "Windows 7", options: optMSS + optNop + "\x03\x03\x08" + optNop + optNop + optSACK,
			change: func(ip, tcp []byte) { ip[8] = 120; window(8192)(ip, tcp) }},
		{name: "Windows without DF", options: optMSS + optNop + "\x03\x03\x08" + optNop + optNop + optSACK,
			change: func(ip, tcp []byte) { ip[8], ip[6] = 120, 0; window(8192)(ip, tcp) }},
		{name: "macOS", options: optMSS + optNop + "\x03\x03\x04" + optNop + optNop + optStamp + optSACK + "\x00\x00", change: window(65535)},
		{name: "NMap", options: optMSS, change: func(ip, tcp []byte) { ip[6] = 0; window(1024)(ip, tcp) }},
		{name: "far away", options: usualSYN, change: func(ip, tcp []byte) { ip[8] = 66; window(29200)(ip, tcp) }},
	}
}

// captureOf is a capture of crafted SYNs, from port 1000 on.
func captureOf(t testing.TB, list []crafted) string {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	w.WriteFileHeader(snap, layers.LinkTypeRaw)
	for i := range list {
		p := list[i].packet(uint16(1000 + i))
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: len(p), Length: len(p)}, p); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(t.TempDir(), "crafted")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// said is what p0f says of one SYN.
type said struct{ os, dist, params, signature string }

var p0fSays = regexp.MustCompile(`(?s)/(\d+) \(syn\) \]-.*?\| (?:os|app) +[^\n]*= ([^\n]*)\n\| dist +[^\n]*= ([^\n]*)\n\| params +[^\n]*= ([^\n]*)\n\| raw_sig +[^\n]*= (\S+)`)

// p0fOf has p0f read a capture. Its answers are by the client's port.
func p0fOf(t testing.TB, file string) map[string]said {
	t.Helper()
	out, err := exec.Command("p0f", "-r", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]said)
	text := regexp.MustCompile(`\.-\[ [^ ]*/(\d+) -> [^ ]*/25 \(syn\) \]-`).ReplaceAll(out, []byte("/$1 (syn) ]-"))
	for _, m := range p0fSays.FindAllSubmatch(text, -1) {
		all[string(m[1])] = said{string(m[2]), string(m[3]), string(m[4]), string(m[5])}
	}
	return all
}

func p0fDatabase(t testing.TB) *synfp.Database {
	t.Helper()
	f, err := os.Open("/etc/p0f/p0f.fp")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := synfp.Read("x.fp", f)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestAsP0f compares what p0f makes of each crafted SYN with what we do: its
// signature, which must fit exactly, the system in its database, how sure that
// is, and the distance.
func TestAsP0f(t *testing.T) {
	e2e.Need(t, "p0f")
	list := craft()
	file := captureOf(t, list)
	theirs, db := p0fOf(t, file), p0fDatabase(t)
	err := readFile(file, wanted{}, func(s synfp.SYN) error {
		port := fmt.Sprint(s.Client.Port())
		p, name := theirs[port], list[s.Client.Port()-1000].name
		delete(theirs, port)
		one, err := synfp.Read("x.fp", strings.NewReader("[tcp:request]\nlabel = s:x:same:\nsig = "+p.signature+"\n"))
		if err != nil {
			t.Errorf("%s: %q: %v", name, p.signature, err)
			return nil
		}
		if found, ok := one.NameSYN(&s, 0); !ok || found.Fuzzy {
			t.Errorf("%s: p0f says %s, we %s with quirks %q: %v, fuzzy %v", name, p.signature, s.String(), s.Quirks, ok, found.Fuzzy)
		}
		if got, want := ourWords(db, &s), p.words(); got != want {
			t.Errorf("%s: %s; p0f says %s", name, got, want)
		}
		return nil
	})
	if err != nil || len(theirs) != 0 {
		t.Errorf("%v; p0f alone saw %v", err, theirs)
	}
}

// words are what can be compared of it.
func (p said) words() string {
	var flags []string
	for flag := range strings.FieldsSeq(p.params) {
		if flag == "generic" || flag == "fuzzy" {
			flags = append(flags, flag)
		}
	}
	name := p.os
	if name == "???" {
		name = ""
	}
	return fmt.Sprintf("%q %v, %s away", name, flags, strings.TrimPrefix(p.dist, "<= "))
}

func ourWords(db *synfp.Database, s *synfp.SYN) string {
	found, _ := db.NameSYN(s, 0)
	var flags []string
	if found.Group {
		flags = append(flags, "generic")
	}
	if found.Fuzzy {
		flags = append(flags, "fuzzy")
	}
	hops := found.Hops(&s.Fingerprint)
	if strings.HasPrefix(found.Name, "NMap") {
		hops = 64 - int(s.TTL)
	}
	return fmt.Sprintf("%q %v, %d away", found.String(), flags, hops)
}

// TestCraftHasAll: each quirk is in one of the crafted SYNs; an acknowledgement
// of zero cannot be in a SYN.
func TestCraftHasAll(t *testing.T) {
	var have []string
	for _, c := range craft() {
		if s, err := synfp.ParsePacket(c.packet(1)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else {
			have = append(have, strings.Split(s.Quirks.String(), ",")...)
		}
	}
	for _, quirk := range strings.Fields("df id+ id- ecn 0+ flow seq- ack+ uptr+ urgf+ pushf+ ts1- ts2+ opt+ exws bad") {
		if !slices.Contains(have, quirk) {
			t.Errorf("no SYN with %s", quirk)
		}
	}
}
