package e2e

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// A synHost is node 0 of a chain, with listen and smtpd at port 2525, and synfp
// and tcpdump that watch a device.
type synHost struct {
	*Chain
	t       *testing.T
	in      *instance
	watch   *server
	capture string
	seen    []seenSYN
}

// A seenSYN is the SYN of a session as the header of its message has it.
type seenSYN struct{ what, port, fingerprint string }

// newSynHost watches one device.
func newSynHost(t *testing.T, c *Chain, device string) *synHost {
	t.Helper()
	Need(t, "tcpdump", "p0f", "ss")
	h := &synHost{Chain: c, t: t, in: newInstance(t, "SPF 0"), capture: filepath.Join(t.TempDir(), "syns")}
	at := []string{"netns", "exec", c.Name(0)}
	h.in.start("ip", append(at, program(t, "listen"), "0.0.0.0:2525", "[::]:2525")...)
	h.watch = h.in.start("ip", append(at, program(t, "synfp"), "-v", "2525", "0.0.0.0", device)...)
	h.in.start("ip", append(at, "tcpdump", "-i", device, "-U", "--immediate-mode", "-Z", "root", "-w", h.capture,
		"tcp dst port 2525 and (tcp[13] & 0x12 = 2 or ip6[53] & 0x12 = 2)")...)
	await(t, "listen, synfp and tcpdump", func() bool {
		st, err := os.Stat(h.capture)
		return err == nil && st.Size() >= 24 && strings.Contains(c.In(0, "ss", "-ltn"), ":2525 ") &&
			strings.Count(c.In(0, "ss", "-0ln"), ":"+device) == 2
	})
	return h
}

// session sends a message from a node, and gives what its header says.
func (h *synHost) session(what string, node int, addr string) string {
	h.t.Helper()
	talk := converse(h.t, h.Dial(node, addr))
	talk.expect("220 ")
	talk.hello()
	talk.mail("a SYN", "ann@"+hostname)
	talk.quit()
	fingerprint := h.in.fingerprint("ann")
	h.in.last("ann")
	port := strconv.Itoa(talk.conn.LocalAddr().(*net.TCPAddr).Port)
	h.seen = append(h.seen, seenSYN{what, port, fingerprint})
	return fingerprint
}

// compare has synfp, live and from the file, tcpdump and p0f tell the SYN of
// each session, field by field.
func (h *synHost) compare() {
	h.t.Helper()
	file, status := h.in.run("", program(h.t, "synfp"), "--read", h.capture)
	if status != 0 {
		h.t.Errorf("synfp --read: %d %s", status, file)
	}
	text := h.run("tcpdump", "-nvr", h.capture)
	p0f := h.run("p0f", "-r", h.capture)
	for _, s := range h.seen {
		line := " " + s.port + " " + s.fingerprint
		await(h.t, "synfp prints"+line, func() bool { return h.watch.log.Has(line + " (") })
		if !strings.Contains(file, line+"\n") {
			h.t.Errorf("%s: synfp --read does not have %s:\n%s", s.what, line, file)
		}
		if got := tcpdumpFingerprint(text, s.port); got != s.fingerprint {
			h.t.Errorf("%s: %s; tcpdump says %s", s.what, s.fingerprint, got)
		}
		if got, want := p0fSYNFields(p0f, s.port), fieldsForP0f(s.fingerprint); got != want {
			h.t.Errorf("%s: %s is to p0f %s; it says %s", s.what, s.fingerprint, want, got)
		}
	}
}

// tcpdumpFingerprint puts together what tcpdump -v says of the SYN from a port.
func tcpdumpFingerprint(text, port string) string {
	var packet string
	for _, p := range regexp.MustCompile(`(?m)^\S.*\n(?:\s.*\n)*`).FindAllString(text, -1) {
		if strings.Contains(p, "."+port+" > ") {
			packet = p
		}
	}
	field := func(expression string) string {
		m := regexp.MustCompile(expression).FindStringSubmatch(packet)
		if m == nil {
			return ""
		}
		return m[1]
	}
	df, size := "0", field(`proto TCP \(6\), length (\d+)`)
	if strings.Contains(packet, "flags [DF]") {
		df = "1"
	}
	if n, err := strconv.Atoi(field(`payload length: (\d+)`)); err == nil {
		df, size = "1", strconv.Itoa(n+40)
	}
	return fmt.Sprintf("%s:%s:%s:%s:%s", field(`, win (\d+)`), field(`(?:ttl|hlim) (\d+)`), df, size, tcpdumpOptions(field(`options \[(.*?)\]`)))
}

// tcpdumpOptions is a list of options in our letters.
func tcpdumpOptions(list string) string {
	if list == "" {
		return "."
	}
	words := strings.Split(list, ",")
	for i, word := range words {
		f := strings.Fields(word)
		letter := map[string]string{"mss": "M", "sackOK": "S", "TS": "T", "nop": "N", "wscale": "W", "eol": "E", "tfo": "?34"}[f[0]]
		switch {
		case letter == "M" || letter == "W":
			letter += f[1]
		case strings.HasPrefix(word, "TS val 0 "):
			letter = "T0"
		}
		words[i] = letter
	}
	return strings.Join(words, ",")
}

// p0fSYNFields is TTL, DF, MSS, window, scale and order of options in p0f's
// signature of the SYN from a port.
func p0fSYNFields(text, port string) string {
	_, block, _ := strings.Cut(text, "/"+port+" -> ")
	m := regexp.MustCompile(`raw_sig += (\S+)`).FindStringSubmatch(block)
	if m == nil {
		return "nothing"
	}
	f := strings.Split(m[1], ":")
	mss, _ := strconv.Atoi(f[3])
	window, scale, _ := strings.Cut(f[4], ",")
	if n, ok := strings.CutPrefix(window, "mss*"); ok {
		times, _ := strconv.Atoi(n)
		window = strconv.Itoa(times * mss)
	}
	ttl, _, _ := strings.Cut(f[1], "+")
	quirks := strings.Split(f[6], ",")
	return fmt.Sprintf("ttl %s df %v mss %s window %s scale %s options %s ts1- %v",
		ttl, f[0] == "6" || slices.Contains(quirks, "df"), f[3], window, scale, f[5], slices.Contains(quirks, "ts1-"))
}

// fieldsForP0f are the same fields of a fingerprint.
func fieldsForP0f(fingerprint string) string {
	f := strings.Split(fingerprint, ":")
	mss, scale, zero, words := "0", "0", false, []string{}
	for word := range strings.SplitSeq(f[4], ",") {
		switch word[0] {
		case 'M':
			mss, word = word[1:], "mss"
		case 'W':
			scale, word = word[1:], "ws"
		case 'T':
			zero, word = word == "T0", "ts"
		case 'E':
			word = "eol+0"
		case '.':
			continue
		default:
			word = map[string]string{"N": "nop", "S": "sok"}[word]
		}
		words = append(words, word)
	}
	return fmt.Sprintf("ttl %s df %v mss %s window %s scale %s options %s ts1- %v",
		f[1], f[2] == "1", mss, f[0], scale, strings.Join(words, ","), zero)
}

// TestSYNThroughRouters: the time to live tells how many routers there are
// between, in the header of the message as to synfp, tcpdump and p0f.
func TestSYNThroughRouters(t *testing.T) {
	for _, routers := range []int{0, 1, 4, 12} {
		t.Run(fmt.Sprint(routers), func(t *testing.T) {
			c := NewChain(t, routers)
			h := newSynHost(t, c, "out")
			for _, addr := range []string{"10.9.1.1:2525", "[fd09:1::1]:2525"} {
				got := h.session(addr, c.Last(), addr)
				if want := fmt.Sprintf(":%d:1:", 64-routers); !strings.Contains(got, want) {
					t.Errorf("%s through %d routers, want %s", got, routers, want)
				}
			}
			h.compare()
			if words := fmt.Sprintf("later, %d hop", routers); !h.watch.log.Has(words) {
				t.Errorf("synfp -v does not say %q:\n%s", words, h.watch.log)
			}
		})
	}
}

// TestSYNFields: each field of the fingerprint moves with what the client's host
// is told, and with what a box on the way makes of its SYNs.
func TestSYNFields(t *testing.T) {
	c := NewChain(t, 0)
	box := newSynBox(t, c)
	h := newSynHost(t, c, "far")
	const sys = "cd /proc/sys/net/ipv4; echo "
	const usual = "\x02\x04\x05\xb4\x04\x02\x08\x0a\x00\x00\x00\x07\x00\x00\x00\x00\x01\x03\x03\x07"
	usual6 := strings.Replace(usual, "\xb4", "\xa0", 1)
	const four, six = "10.7.0.1:2525", "[fd07::1]:2525"
	for _, tt := range []struct {
		what, change string
		box          synBoxed
		to, want     string
	}{
		{what: "as it is", to: four, want: `64240:64:1:60:M1460,S,T,N,W\d+`},
		{what: "IPv6", to: six, want: `64800:64:1:80:M1440,S,T,N,W\d+`},
		{what: "no timestamps", change: sys + "0 >tcp_timestamps", to: four, want: `64240:64:1:52:M1460,N,N,S,N,W\d+`},
		{what: "no SACK", change: sys + "0 >tcp_sack; echo 1 >tcp_timestamps", to: four, want: `64240:64:1:60:M1460,N,N,T,N,W\d+`},
		{what: "no scaling", change: sys + "0 >tcp_window_scaling; echo 1 >tcp_sack", to: four, want: `\d+:64:1:56:M1460,S,T`},
		{what: "time to live", change: sys + "99 >ip_default_ttl; echo 1 >tcp_window_scaling", to: four, want: `64240:99:1:60:M1460,S,T,N,W\d+`},
		{what: "may be fragmented", change: sys + "64 >ip_default_ttl; echo 1 >ip_no_pmtu_disc", to: four, want: `64240:64:0:60:M1460,S,T,N,W\d+`},
		{what: "MTU", change: sys + "0 >ip_no_pmtu_disc; ip link set far mtu 1300", to: four, want: `65520:64:1:60:M1260,S,T,N,W\d+`},
		{what: "no options", change: "ip link set far mtu 1500", box: synBoxed{strip: true}, to: four, want: `64240:64:1:40:\.`},
		{what: "no options, IPv6", box: synBoxed{strip: true}, to: six, want: `64800:64:1:60:\.`},
		{what: "timestamp zero", box: synBoxed{options: strings.Replace(usual, "\x07", "\x00", 1)}, to: four, want: `64240:64:1:60:M1460,S,T0,N,W7`},
		{what: "timestamp zero, IPv6", box: synBoxed{options: strings.Replace(usual6, "\x07", "\x00", 1)}, to: six, want: `64800:64:1:80:M1440,S,T0,N,W7`},
		{what: "another order", box: synBoxed{options: "\x02\x04\x05\xb4\x01\x03\x03\x06\x01\x01\x08\x0a\x00\x00\x00\x07\x00\x00\x00\x00\x04\x02\x01\x00"}, to: four, want: `64240:64:1:64:M1460,N,W6,N,N,T,S,N,E`},
		{what: "MSS", box: synBoxed{options: "\x02\x04\x02\x18", window: 4096}, to: four, want: `4096:64:1:44:M536`},
		{what: "window", box: synBoxed{options: usual, window: 8192}, to: four, want: `8192:64:1:60:M1460,S,T,N,W7`},
		{what: "far away", box: synBoxed{options: usual, ttl: 40}, to: four, want: `64240:40:1:60:M1460,S,T,N,W7`},
		{what: "far away, IPv6", box: synBoxed{options: usual6, ttl: 40}, to: six, want: `64800:40:1:80:M1440,S,T,N,W7`},
	} {
		box.Store(&tt.box)
		if tt.change != "" {
			c.In(1, "sh", "-ec", tt.change)
		}
		if got := h.session(tt.what, 1, tt.to); !regexp.MustCompile(`^` + tt.want + `$`).MatchString(got) {
			t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
		}
	}
	h.compare()
}

// hisStamp stands in options for the client's own timestamp, without whose echo
// it would not know the answer.
const hisStamp = "\x00\x00\x00\x07"

// A synBoxed is what a box on the way makes of SYNs; the zero one lets them be.
type synBoxed struct {
	strip   bool   // no options
	options string // instead of the client's, whole words
	ttl     byte
	window  uint16
}

// newSynBox puts a box between nodes 0 and 1: devices "far", 10.7.0.1 and .2.
func newSynBox(t *testing.T, c *Chain) *atomic.Pointer[synBoxed] {
	t.Helper()
	var box atomic.Pointer[synBoxed]
	box.Store(new(synBoxed))
	var ends [2]*os.File
	for node := range ends {
		tun, err := openTun(c.Name(node))
		if err != nil {
			t.Fatal(err)
		}
		ends[node] = tun
		t.Cleanup(func() { tun.Close() })
		c.In(node, "ip", "addr", "add", fmt.Sprintf("10.7.0.%d/24", node+1), "dev", "far")
		c.In(node, "ip", "addr", "add", fmt.Sprintf("fd07::%d/64", node+1), "dev", "far", "nodad")
		c.In(node, "ip", "link", "set", "far", "up")
	}
	go carry(ends[0], ends[1], func(p []byte) []byte { return p })
	go carry(ends[1], ends[0], func(p []byte) []byte { return box.Load().change(p) })
	return &box
}

// carry carries packets until the devices are closed.
func carry(from, to *os.File, change func([]byte) []byte) {
	p := make([]byte, 4096)
	for {
		n, err := from.Read(p)
		if err != nil {
			return
		}
		if _, err := to.Write(change(p[:n])); err != nil {
			return
		}
	}
}

// change makes another SYN out of a packet that is one.
func (b *synBoxed) change(p []byte) []byte {
	header, flags := 20, 13
	if p[0]>>4 == 6 {
		header = 40
	}
	if *b == (synBoxed{}) || len(p) < header+20 || header == 20 && p[9] != 6 || header == 40 && p[6] != 6 || p[header+flags]&0x12 != 2 {
		return p
	}
	stamp := string(p[min(header+28, len(p)):min(header+32, len(p))]) // where Linux has it
	options := strings.Replace(b.options, hisStamp, stamp, 1)
	ip, tcp := slices.Clone(p[:header]), append(slices.Clone(p[header:header+20]), options...)
	tcp[12] = byte(len(tcp)/4) << 4
	if b.window != 0 {
		binary.BigEndian.PutUint16(tcp[14:], b.window)
	}
	size, pseudo := make([]byte, 2), []byte(nil)
	binary.BigEndian.PutUint16(size, uint16(len(tcp)))
	if header == 20 {
		binary.BigEndian.PutUint16(ip[2:], uint16(header+len(tcp)))
		ip[8] = cmp.Or(b.ttl, ip[8])
		ip[10], ip[11] = 0, 0
		binary.BigEndian.PutUint16(ip[10:], checksum(ip))
		pseudo = ip[12:20]
	} else {
		copy(ip[4:], size)
		ip[7] = cmp.Or(b.ttl, ip[7])
		pseudo = ip[8:40]
	}
	tcp[16], tcp[17] = 0, 0
	sum := checksum(slices.Concat(pseudo, []byte{0, 6}, size, tcp))
	binary.BigEndian.PutUint16(tcp[16:], sum)
	return append(ip, tcp...)
}
