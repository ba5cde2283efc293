package dns

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
)

func TestValidName(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	tests := map[string]bool{
		"mx.example":                     true,
		"localhost":                      true,
		"MX-1.Example":                   true,
		"_spf.example":                   true,
		"3com.example":                   true,
		"0-9.A_Z.az.09.a0":               true,
		"a/b.example":                    false,
		"a.example.09":                   false,
		"xn--bcher-kva":                  true,
		label63 + ".de":                  true,
		label63 + "a.de":                 false,
		strings.Repeat("a.", 126) + "a":  true,  // 253
		strings.Repeat("a.", 126) + "aa": false, // 254
		"":                               false,
		".":                              false,
		"mx.example.":                    false,
		".example":                       false,
		"a..b":                           false,
		"-a.example":                     false,
		"a-.example":                     false,
		"a b":                            false,
		"a\x00b":                         false,
		"a(b).example":                   false,
		"bücher.example":                 false,
		"192.0.2.1":                      false,
		"example.1":                      false,
		"[192.0.2.1]":                    false,
		"2001:db8::1":                    false,
		"a\r\nb.example":                 false,
		"a@b.example":                    false,
		"{\x7f}.example":                 false,
		"a[b].example":                   false,
		"a\x10b.example":                 false,
		"\x1a\x19.exampl":                false,
	}
	for name, want := range tests {
		if got := ValidName(name); got != want {
			t.Errorf("ValidName(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestReverse(t *testing.T) {
	tests := []struct{ addr, want, name string }{
		{"192.0.2.1", "1.2.0.192", "1.2.0.192.in-addr.arpa"},
		{"::ffff:192.0.2.1", "1.2.0.192", "1.2.0.192.in-addr.arpa"},
		{"2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
			"b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"}, // RFC 3596 2.5
	}
	for _, tt := range tests {
		addr := netip.MustParseAddr(tt.addr)
		if got := Reverse(addr); got != tt.want {
			t.Errorf("Reverse(%s) = %s, want %s", addr, got, tt.want)
		}
		if got := ReverseName(addr); got != tt.name {
			t.Errorf("ReverseName(%s) = %s, want %s", addr, got, tt.name)
		}
	}
}

// Samples of RFC 3492 7.1, in lower case, and one more.
func TestPunycode(t *testing.T) {
	tests := []struct{ in, want string }{
		{"他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"},
		{"pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a"},
		{"למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"},
		{"почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"},
		{"3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"},
		{"-> $1.00 <-é", "-> $1.00 <--lbb"},
		{"bücher", "bcher-kva"},
	}
	for _, tt := range tests {
		if got := punycode([]rune(tt.in)); got != tt.want {
			t.Errorf("punycode(%s) = %s, want %s", tt.in, got, tt.want)
		}
		if got, ok := unpunycode(tt.want); got != tt.in || !ok {
			t.Errorf("unpunycode(%s) = %s, %v, want %s", tt.want, got, ok, tt.in)
		}
	}
}

func TestToUnicode(t *testing.T) {
	for name, want := range map[string]string{
		"a.XN--Bcher-kva.example": "a.bücher.example",
		"bücher.example":          "bücher.example",
		"xn--.example":            "xn--.example",
		"xn---.example":           "xn---.example",
		"xn--abc-.example":        "xn--abc-.example", // is ASCII
		"xn--99999999.example":    "xn--99999999.example",
		"xn--bcher-kv!.example":   "xn--bcher-kv!.example",
		"Example":                 "Example",
		"":                        "",
	} {
		if got := ToUnicode(name); got != want {
			t.Errorf("ToUnicode(%q) = %q, want %q", name, got, want)
		}
	}
}

// What ToUnicode makes of a name is the same name.
func FuzzToUnicode(f *testing.F) {
	for _, s := range []string{"xn--bcher-kva.example", "bücher", "xn--ihqwcrb4cv8a8dqg056pqjye", "xn--zzzzzzzz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if u := ToUnicode(name); ToASCII(u) != ToASCII(name) {
			t.Errorf("%q: %q is %q", name, u, ToASCII(u))
		}
	})
}

// Only a server on this host is believed that it has validated, and needs no
// letters mixed; another is if it is said so.
func TestTrust(t *testing.T) {
	for addr, local := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"192.0.2.1": false, "10.0.0.1": false, "2001:db8::1": false, "0.0.0.0": false,
	} {
		for _, trust := range []bool{false, true} {
			c := newClient(Config{Servers: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr(addr), 53)}, Trust: trust})
			if s := c.servers[0]; s.trust != (local || trust) || s.mix == local {
				t.Errorf("%s, Trust %v: trusted %v, mixed %v", addr, trust, s.trust, s.mix)
			}
		}
	}
}

func TestQuestion(t *testing.T) {
	tests := []struct{ in, want string }{
		{"MX.Example.", "mx.example"},
		{"a b@c.example", `a\ b\@c.example`},
		{`a\b`, `a\\b`},
		{"bücher.example", "xn--bcher-kva.example"},
		{"b\xfccher.example", ""},
		{"", ""},
		{".", ""},
		{strings.Repeat("é", 60) + ".example", ""},
		{strings.Repeat("a.", 130), ""},
	}
	for _, tt := range tests {
		if got, ok := question(tt.in); got != tt.want || ok != (tt.want != "") {
			t.Errorf("question(%q) = %q, %v; want %q", tt.in, got, ok, tt.want)
		}
	}
}

// TestNormal is names of zone files as they are asked for.
func TestNormal(t *testing.T) {
	for name, want := range map[string]string{
		"a.x": "a.x", `a\ b`: `a\ b`, `a\032b`: `a\ b`, `\065\b.x`: "ab.x", `a\.b`: `a\.b`, `a\046b`: `a\.b`,
		`a\\`: `a\\`, `a\`: `a\`, `\200\127~`: `\200\127~`, `\25`: "25", `\256`: "256",
	} {
		if got := normal(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"mx.example": "mx.example", "a b\n\x7f\x80~!\u00fc": "a?b???~!?", strings.Repeat("X", 300): strings.Repeat("X", maxName),
	} {
		if got := printable(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestMixCase(t *testing.T) {
	const name = "a-long-name-with-many-letters.in.the.example"
	seen := map[string]bool{}
	for range 20 {
		wire := compose(nil, key{name, TypeA}, true, new(dice))
		mixed, _, ok := appendName(nil, wire, headerSize)
		if !ok || canonical(string(mixed)) != name {
			t.Fatalf("%s is another name", mixed)
		}
		seen[string(mixed)] = true
	}
	if len(seen) < 19 {
		t.Errorf("%d forms of 20", len(seen))
	}
	longest := key{strings.Repeat("a.", 126) + "b", TypeA}
	if wire := compose(nil, longest, true, new(dice)); len(wire) != headerSize+255+4+optSize {
		t.Errorf("%d octets", len(wire))
	}
}

func TestParseResolv(t *testing.T) {
	const text = `# comment
nameserver 192.0.2.1
nameserver 2001:db8::1
nameserver fe80::1%eth0
nameserver nonsense
nameserver 192.0.2.1
search example
options timeout:3 attempts:4 rotate trust-ad
options use-vc ndots:1 timeout:x
`
	c := parseResolv(text)
	got := fmt.Sprint(c.Servers, c.Try, c.Rounds, c.Trust, c.TCP)
	want := "[192.0.2.1:53 [2001:db8::1]:53 [fe80::1%eth0]:53] 3s 4 true true"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c = parseResolv("").withDefaults()
	if got, want := fmt.Sprint(c.Servers, c.Try, c.Rounds), "[127.0.0.1:53] 2s 2"; got != want {
		t.Errorf("of nothing: %s, want %s", got, want)
	}
	many := parseResolv(strings.Repeat("nameserver 192.0.2.1\n", 5) + manyServers(50))
	if len(many.Servers) != maxServers {
		t.Errorf("%d servers, want %d", len(many.Servers), maxServers)
	}
}

func manyServers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "nameserver 192.0.2.%d\n", i)
	}
	return b.String()
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory(100)
	now := time.Unix(1e9, 0)
	for i := range 1000 {
		_, f, mine := m.find(key{fmt.Sprint(i), TypeA}, now)
		if !mine {
			t.Fatalf("%d is known", i)
		}
		f.set(Answer{TTL: time.Minute}, nil, true)
		m.land(f, now)
	}
	known := 0
	for i := range 1000 {
		if _, f, _ := m.find(key{fmt.Sprint(i), TypeA}, now); f == nil {
			known++
		} else {
			m.flights.end(f)
		}
	}
	if known < 32 || known > 100 {
		t.Errorf("%d answers kept of 100", known)
	}
	open := 0
	for _, f := range m.flights.chains {
		if f != nil {
			open++
		}
	}
	if open > 0 {
		t.Errorf("%d questions still open", open)
	}
}

// Who answers with as much as a message holds, under as many names as he likes,
// does not fill the memory with it.
func TestBigAnswersAreNotKept(t *testing.T) {
	now := time.Unix(1e9, 0)
	records := func(n, size int) (list []Record) {
		for range n {
			list = append(list, Record{Data: strings.Repeat("x", size)})
		}
		return list
	}
	tests := []struct {
		name string
		a    Answer
		err  error
		kept bool
	}{
		{"usual", Answer{Records: records(40, 64)}, nil, true},
		{"long", Answer{Records: records(1, 60000)}, nil, false},
		{"many", Answer{Records: records(4000, 7)}, nil, false},
		{"long aliases", Answer{Records: records(1, 7), Aliases: records(10, 1000)}, nil, false},
		{"long aliases to nothing", Answer{}, &Error{Kind: ErrNotFound, Aliases: records(10, 1000), ttl: time.Minute}, false},
	}
	for _, tt := range tests {
		m := newMemory(100)
		_, f, _ := m.find(key{tt.name, TypeTXT}, now)
		tt.a.TTL = time.Minute
		f.set(tt.a, tt.err, true)
		m.land(f, now)
		if _, f, _ := m.find(key{tt.name, TypeTXT}, now); (f == nil) != tt.kept {
			t.Errorf("%s: kept is %v, want %v", tt.name, f == nil, tt.kept)
		}
	}
}

// Of those that share a place, what would be out of date first makes room; a new
// answer takes the place of the old one.
func TestTable(t *testing.T) {
	tab := table{limit: ways}
	now := time.Unix(1e9, 0)
	keep := func(name string, minutes int) {
		tab.keep(&flight{key: key{name, TypeA}, hash: uint64(len(name))}, now.Add(time.Duration(minutes)*time.Minute))
	}
	known := func(minutes int) (names string) {
		for _, name := range []string{"a", "bb", "cc", "d", "e", "f", "g", "h", "i", "j"} {
			k := key{name, TypeA}
			if tab.find(k, uint64(len(name)), now.Add(time.Duration(minutes)*time.Minute)) != nil {
				names += name
			}
		}
		return names
	}
	for i, name := range []string{"a", "bb", "cc", "d", "e", "f", "g", "h"} {
		keep(name, 20-i)
	}
	keep("a", 30)
	if got, want := known(0), "abbccdefgh"; got != want {
		t.Errorf("%s are known, want %s", got, want)
	}
	keep("i", 1)
	keep("j", 40)
	if got, want := known(0), "abbccdefgj"; got != want {
		t.Errorf("%s are known, want %s", got, want)
	}
	if got, want := known(20), "aj"; got != want {
		t.Errorf("%s are known after 20 minutes, want %s", got, want)
	}
}

// watchedConn tells when it is closed.
type watchedConn struct {
	*net.UDPConn
	closed chan struct{}
}

func (c watchedConn) Close() error {
	close(c.closed)
	return c.UDPConn.Close()
}

// A socket to another host does not keep its port for ever, and ends with the
// last question that waits for it.
func TestSocketRetires(t *testing.T) {
	peer, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	for _, waiting := range []bool{false, true} {
		conn, err := net.DialUDP("udp", nil, peer.LocalAddr().(*net.UDPAddr))
		if err != nil {
			t.Fatal(err)
		}
		closed := make(chan struct{})
		s := newSocket(watchedConn{conn, closed}, nil)
		b := newBatch()
		b.ask(key{"mx.example", TypeA}).wire = compose(nil, key{"mx.example", TypeA}, true, nil)
		if waiting {
			if _, err := s.enter(b); err != nil {
				t.Fatal(err)
			}
		}
		s.asked = manyQuestions
		if s.fresh(true) || s.fresh(false) || s.ask(t.Context(), newBatch(), time.Second) != errRetired {
			t.Errorf("after %d questions it is used still", s.asked)
		}
		if waiting {
			select {
			case <-closed:
				t.Error("closed while a question waits")
			default:
			}
			s.leave(b)
		}
		<-closed
	}
}

// A socket to this host may be used for ever.
func TestSocketStays(t *testing.T) {
	s := &socket{asked: manyQuestions}
	if !s.fresh(false) {
		t.Errorf("after %d questions it is not used", s.asked)
	}
}

// TestCompare changes an octet of an answer.
func TestCompare(t *testing.T) {
	wire := compose(nil, key{"mx.example", TypeA}, false, nil)
	wire[0], wire[1] = 'i', 'd'
	good := bytes.Clone(wire)
	good[2] |= flagAnswer
	with := func(changes ...int) []byte { // places and octets in turn
		raw := bytes.Clone(good)
		for i := 0; i < len(changes); i += 2 {
			raw[changes[i]] = byte(changes[i+1])
		}
		return raw
	}
	const questions, name = 5, headerSize + 1
	tests := []struct {
		name string
		raw  []byte
		want likeness
	}{
		{"the answer", good, answer},
		{"with more behind it", append(bytes.Clone(good), 1, 2, 3), answer},
		{"another id", with(0, 'x'), unrelated},
		{"an id half right", with(1, 'x'), unrelated},
		{"a question", wire, unrelated},
		{"less than a header", good[:headerSize-1], unrelated},
		{"a header", good[:headerSize], unrelated},
		{"half a question", good[:len(good)-1], unrelated},
		{"no question", with(questions, 0), unrelated},
		{"no question, FORMERR", with(questions, 0, 3, rcodeFormatError)[:headerSize], answer},
		{"no question, NOTIMP", with(questions, 0, 3, rcodeNotImplemented)[:headerSize], answer},
		{"no question, REFUSED", with(questions, 0, 3, rcodeRefused)[:headerSize], unrelated},
		{"two questions", with(questions, 2), unrelated},
		{"another name", with(name, 'n'), unrelated},
		{"another name, FORMERR", with(name, 'n', 3, rcodeFormatError), unrelated},
		{"other letters", with(name, 'M'), otherCase},
		{"another type", with(len(good)-3, int(TypeMX)), unrelated},
		{"another class", with(len(good)-1, 3), unrelated},
	}
	for _, tt := range tests {
		if got := compare(wire, tt.raw); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Nobody who can send us datagrams makes us stumble.
func FuzzCompare(f *testing.F) {
	wire := compose(nil, key{"mx.example", TypeA}, true, nil)
	good := append([]byte(nil), wire...)
	good[2] |= flagAnswer
	f.Add(good)
	f.Add(good[:12])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if compare(wire, raw) != answer {
			return
		}
		if m, err := parseMessage(raw); err == nil {
			a, err := read(&m, key{"mx.example", TypeA}, false)
			if err == nil && len(a.Records) == 0 {
				t.Fatal("neither records nor an error")
			}
		}
	})
}

func FuzzQuestion(f *testing.F) {
	for _, s := range []string{"mx.example", "a b", `\`, "bücher", "a.", "..", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		asked, ok := question(name)
		if !ok {
			return
		}
		m := new(mdns.Msg)
		if err := m.Unpack(compose(nil, key{asked, TypeA}, true, nil)); err != nil || canonical(m.Question[0].Name) != asked {
			t.Fatalf("%q passes as %q, comes back as %q, %v", name, asked, m.Question[0].Name, err)
		}
	})
}
