package dns

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
)

// packed is the wire form of an answer to "mx.example" with the records.
func packed(t testing.TB, records ...string) []byte {
	t.Helper()
	m := new(mdns.Msg)
	m.SetQuestion("mx.example.", mdns.TypeTXT)
	m.Response, m.Compress = true, true
	for _, s := range records {
		rr, err := mdns.NewRR(s)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	m.SetEdns0(payload, false)
	raw, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// dataOf returns the data of all records of the answer section as we read it.
func dataOf(m *message) (list []string, ok bool) {
	off := m.answers
	for range m.count {
		r, ok := m.resource(off)
		if !ok {
			return nil, false
		}
		text, ok := m.data(r)
		if !ok {
			return nil, false
		}
		list = append(list, text)
		off = r.end
	}
	return list, true
}

func TestMessage(t *testing.T) {
	raw := packed(t,
		`mx.example. 60 IN TXT "a\"b\\c\255\000" "" "d e"`,
		`mx.example. 60 IN MX 10 mx.example.`,
		`mx.example. 60 IN MX 0 .`,
		`o\.dd\@x\032y\000.mx.example. 60 IN CNAME o\.dd\000\031\127~\255.mx.example.`,
		`mx.example. 60 IN A 192.0.2.1`,
		`mx.example. 60 IN AAAA ::ffff:192.0.2.1`,
		`mx.example. 60 IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef`,
		`mx.example. 60 IN TYPE65280 \# 3 010203`,
	)
	m, err := parseMessage(raw)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := dataOf(&m)
	want := []string{`"a\"b\\c\255\000" "" "d e"`, "10 mx.example.", "0 .", `o\.dd\000\031\127~\255.mx.example.`, "192.0.2.1",
		"::ffff:192.0.2.1", "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", `\# 3 010203`}
	if got := strings.Join(list, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// TestRead is what of an answer belongs to the question.
func TestRead(t *testing.T) {
	tests := []struct {
		records []string
		want    string
	}{
		{[]string{`mx.example. 60 IN TXT "a"`}, `mx.example "a" 1m0s`},
		{[]string{`MX.Example. 9999999 IN TXT "a"`, `mx.example. 60 IN A 192.0.2.1`}, `mx.example "a" 1h0m0s`},
		{[]string{`mx.example. 60 IN TXT "a"`, `mx.example. 50 IN TXT "b"`}, `mx.example "a" "b" 50s`},
		{[]string{`other.example. 60 IN TXT "a"`}, "not found"},
		{[]string{`mx.example. 60 CH TXT "a"`}, "not found"},
		{[]string{`on.example. 60 IN TXT "a"`, `mx.example. 90 IN CNAME on.example.`}, `on.example "a" 1m0s`},
		{[]string{`mx.example. 5 IN CNAME On.Example.`, `on.example. 60 IN TXT "a"`}, `on.example "a" 5s`},
		{[]string{`mx.example. 60 IN CNAME on.example.`, `other.example. 60 IN TXT "a"`}, "not found"},
		{[]string{`other.example. 60 IN CNAME on.example.`, `on.example. 60 IN TXT "a"`}, "not found"},
		{[]string{`mx.example. 60 IN CNAME mx.example.`}, "more than 10 aliases"},
	}
	for _, tt := range tests {
		raw := packed(t, tt.records...)
		for _, claimed := range []bool{false, true} {
			if claimed {
				raw[3] |= flagAD
			}
			m, err := parseMessage(raw)
			if err != nil {
				t.Fatal(err)
			}
			for _, trusted := range []bool{false, true} {
				a, err := read(&m, key{"mx.example", TypeTXT}, trusted)
				got := a.Name
				for _, r := range a.Records {
					got += " " + r.Data
				}
				if got += " " + a.TTL.String(); err != nil {
					got = err.Error()
				}
				if got != tt.want && !(err != nil && strings.Contains(got, tt.want)) {
					t.Errorf("%q: got %s, want %s", tt.records, got, tt.want)
				}
				if want := err == nil && claimed && trusted; a.Authentic != want {
					t.Errorf("%q: claimed %v by one who is trusted %v: authentic %v", tt.records, claimed, trusted, a.Authentic)
				}
			}
		}
	}
}

// An answer has each record once (RFC 2181 5), however often a server sends it,
// as Zone has it.
func TestRecordsOnce(t *testing.T) {
	var sent, want []string
	for i := range 40 {
		data := fmt.Sprintf(`"%d"`, i%30)
		sent = append(sent, "mx.example. 60 IN TXT "+data)
		if i < 30 {
			want = append(want, data)
		}
	}
	m, err := parseMessage(packed(t, sent...))
	if err != nil {
		t.Fatal(err)
	}
	a, err := read(&m, key{"mx.example", TypeTXT}, false)
	var got []string
	for _, r := range a.Records {
		got = append(got, r.Data)
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
}

// A name may be made of pointers only to a point, and be no longer than 255
// octets however it is made up.
func TestHostileNames(t *testing.T) {
	loop := []byte{0xc0, 0}
	back := append(append([]byte{63}, strings.Repeat("a", 63)...), 0xc0, 0)
	long := append([]byte(strings.Repeat("\x3f"+strings.Repeat("a", 63), 4)), 0)
	longest := append([]byte(strings.Repeat("\x3f"+strings.Repeat("a", 63), 3)+"\x3d"+strings.Repeat("a", 61)), 0)
	tests := []struct {
		raw []byte
		ok  bool
	}{
		{loop, false}, {back, false}, {long, false}, {longest, true},
		{[]byte{0}, true}, {[]byte{1}, false}, {[]byte{0x40, 0}, false}, {[]byte{0xc0}, false}, {nil, false},
		{[]byte{0xc0, 2, 0}, true}, {[]byte{0xc0, 9, 0}, false},
		{[]byte{0xc0, 3, 0, 0xc0}, false}, {[]byte{0xc0, 3, 0, 2, 'a'}, false}, {append([]byte{0xc0, 3, 0, 0x40}, long[1:66]...), false},
	}
	for _, tt := range tests {
		if b, _, ok := appendName(nil, tt.raw, 0); ok != tt.ok {
			t.Errorf("%q: %q, %v, want %v", tt.raw, b, ok, tt.ok)
		}
	}
}

// What is broken behind the header is never taken for an answer.
func TestBrokenMessages(t *testing.T) {
	raw := packed(t, "mx.example. 60 IN TXT a b", "mx.example. 60 IN MX 10 mx.example.", "mx.example. 60 IN A 192.0.2.1")
	for n := range raw {
		if _, err := parseMessage(raw[:n]); err == nil {
			t.Errorf("the first %d octets of %d pass", n, len(raw))
		}
	}
	for _, kind := range []Type{TypeA, TypeAAAA, TypeMX, TypeCNAME, TypeTLSA} {
		short := append([]byte(nil), raw...)
		short[len(raw)-optSize-13] = byte(kind) // the A record's type: four octets that are no such data
		m, err := parseMessage(short)
		if _, ok := dataOf(&m); err != nil || ok != (kind == TypeA || kind == TypeTLSA) {
			t.Errorf("%v of 4 octets: %v, %v", kind, ok, err)
		}
	}
}

// Data that are shorter or longer than what they say are no data.
func TestBrokenData(t *testing.T) {
	tests := []struct {
		t    Type
		data string
		want string // "" when they are broken
	}{
		{TypeA, "\xc0\x00\x02\x01", "192.0.2.1"}, {TypeA, "\xc0\x00\x02", ""}, {TypeA, strings.Repeat("\x00", 16), ""},
		{TypeAAAA, strings.Repeat("\x00", 16), "::"}, {TypeAAAA, "\xc0\x00\x02\x01", ""}, {TypeAAAA, strings.Repeat("\x00", 17), ""},
		{TypeCNAME, "\x01a\x00", "a."}, {TypeCNAME, "\x01a\x00\x00", ""}, {TypeCNAME, "\x01a", ""}, {TypeCNAME, "", ""},
		{TypeMX, "\x00\x0a\x00", "10 ."}, {TypeMX, "\x00\x0a", ""}, {TypeMX, "\x00\x0a\x00\x00", ""},
		{TypeTXT, "\x03a b\x00", `"a b" ""`}, {TypeTXT, "\x04abc", ""}, {TypeTXT, "\x03abc\x01", ""},
		{TypeSRV, "\x00\x01\x00\x02\x00\x19\x01a\x00", "1 2 25 a."}, {TypeSRV, "\x00", ""}, {TypeSRV, "\x00\x01\x00\x02\x00\x19", ""},
		{TypeSRV, "\x00\x01\x00\x02\x00\x19\x01a\x00\x00", ""},
		{TypeSOA, "\x00\x00" + strings.Repeat("\x00\x00\x00\x01", 5), ". . 1 1 1 1 1"}, {TypeSOA, "\x00\x00" + strings.Repeat("\x01", 19), ""},
		{TypeTLSA, "\x03\x01\x01\xab", "3 1 1 ab"}, {TypeTLSA, "\x03\x01", ""},
		{TypeCAA, "\x00\x05issueca.example", `0 issue "ca.example"`}, {TypeCAA, "\x00\x06issue", ""}, {TypeCAA, "\x00", ""},
		{TypeCAA, "\x00\x04a\nb ca", `0 a\010b\  "ca"`}, {TypeCAA, "\x00\x00ca", ""},
	}
	for _, tt := range tests {
		m := message{raw: []byte(tt.data)}
		got, ok := m.data(resource{t: uint16(tt.t), end: len(tt.data)})
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%v %q: %q, %v; want %q", tt.t, tt.data, got, ok, tt.want)
		}
	}
}

// The records are those that miekg/dns reads, as it reads them.
func FuzzMessage(f *testing.F) {
	f.Add(packed(f, `mx.example. 60 IN TXT "a\"b\\c\255\000" "" "d e"`, `mx.example. 60 IN MX 10 mx.example.`))
	f.Add(packed(f, `o\.dd\@x.mx.example. 60 IN CNAME mx.example.`, `mx.example. 60 IN A 192.0.2.1`))
	f.Add(packed(f, `mx.example. 60 IN AAAA 2001:db8::1`, `mx.example. 4294967295 IN PTR a.b.`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseMessage(raw)
		theirs := new(mdns.Msg)
		if err != nil || m.truncated || theirs.Unpack(raw) != nil || len(theirs.Answer) != m.count {
			return
		}
		list, ok := dataOf(&m)
		if !ok {
			return // we are the stricter ones
		}
		for i, rr := range theirs.Answer {
			if want := data(rr); !strings.EqualFold(list[i], want) && !excused(rr) {
				t.Fatalf("%v: %q, want %q", rr, list[i], want)
			}
		}
		if m.rcode != theirs.Rcode && theirs.IsEdns0() == nil {
			t.Fatalf("code %d, want %d", m.rcode, theirs.Rcode)
		}
	})
}

// excused tells records of which miekg/dns makes less than they are, or of types
// that it knows and we do not.
func excused(rr mdns.RR) bool {
	h := rr.Header()
	_, unknown := rr.(*mdns.RFC3597)
	ours := !strings.HasPrefix(Type(h.Rrtype).String(), "TYPE")
	caa, ok := rr.(*mdns.CAA) // whose tag it writes with blanks and the like as they are
	oddTag := ok && strings.ContainsAny(caa.Tag, special+".")
	return h.Rdlength == 0 || h.Class != mdns.ClassINET || !unknown && !ours || oddTag
}

// data is the data of a record that miekg/dns has read.
func data(rr mdns.RR) string {
	if unknown, ok := rr.(*mdns.RFC3597); ok {
		return `\# ` + strconv.Itoa(len(unknown.Rdata)/2) + " " + unknown.Rdata
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String())
}

func TestNegativeTTL(t *testing.T) {
	for authority, want := range map[string]time.Duration{
		"example. 120 IN SOA ns.example. root.example. 1 2 3 4 90": 90 * time.Second,
		"example. 60 IN SOA ns.example. root.example. 1 2 3 4 90":  time.Minute,
		"example. 120 IN NS a.name.of.a.server.example.":           0,
	} {
		m := new(mdns.Msg)
		m.SetQuestion("mx.example.", mdns.TypeTXT)
		m.Rcode = mdns.RcodeNameError
		rr, _ := mdns.NewRR(authority)
		m.Ns = append(m.Ns, rr)
		raw, _ := m.Pack()
		ours, err := parseMessage(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = read(&ours, key{"mx.example", TypeTXT}, false)
		if e, ok := err.(*Error); !ok || !e.NoName || e.ttl != want {
			t.Errorf("%s: got %v, want %v", authority, err, want)
		}
	}
}

// Extended errors (RFC 8914) tell a failure of DNSSEC, and nothing else.
func TestExtendedErrors(t *testing.T) {
	const bogus = "\x00\x0f\x00\x02\x00\x06"
	tests := []struct {
		rcode, upper byte
		options      string
		want         bool
	}{
		{rcodeServerFailure, 0, bogus, true},
		{rcodeServerFailure, 0, bogus + "\x00\x0f\x00\x02\x00\x16", true},
		{rcodeServerFailure, 0, "\x00\x03\x00\x01x" + bogus + "\x00", true},
		{rcodeServerFailure, 0, "\x00\x0f\x00\x02\x00\x05", false},
		{rcodeServerFailure, 0, "\x00\x0f\x00\x02\x00\x0c", true},
		{rcodeServerFailure, 0, "\x00\x0f\x00\x02\x00\x0d", false},
		{rcodeServerFailure, 0, "\x00\x03\x00\x02\x00\x06", false}, // another option
		{rcodeServerFailure, 0, "\x00\x0f\x00\x01\x06", false},
		{rcodeServerFailure, 0, "\x00\x0f\x00\x00", false},
		{rcodeServerFailure, 0, "\x00\x0f\x00\x09\x00\x06", false}, // longer than there is
		{rcodeServerFailure, 1, bogus, false},                      // code 18
		{rcodeSuccess, 0, bogus, false},
	}
	for _, tt := range tests {
		raw := []byte{0, 1, flagAnswer, tt.rcode, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, typeOPT, 16, 0, tt.upper, 0, 0, 0, 0, byte(len(tt.options))}
		m, err := parseMessage(append(raw, tt.options...))
		if err != nil || m.bogus != tt.want || m.rcode != int(tt.rcode)+int(tt.upper)<<4 {
			t.Errorf("code %d, %q: bogus %v, code %d, %v; want %v", tt.rcode, tt.options, m.bogus, m.rcode, err, tt.want)
		}
	}
}

// Which answers are none, so that another server is asked.
func TestUsable(t *testing.T) {
	const ns, soa = ". 60 IN NS a.root.", "example. 60 IN SOA ns.example. root.example. 1 2 3 4 90"
	tests := []struct {
		rcode     int
		recursive bool
		authority []string
		want      bool
	}{
		{rcodeSuccess, false, nil, true},
		{rcodeSuccess, false, []string{ns}, false},
		{rcodeSuccess, false, []string{ns, ns}, false},
		{rcodeSuccess, false, []string{ns, soa}, true},
		{rcodeSuccess, true, []string{ns}, true},
		{rcodeNameError, false, []string{ns}, true},
		{rcodeServerFailure, true, nil, false},
		{rcodeRefused, true, nil, false},
		{rcodeNotImplemented, true, nil, false},
	}
	for _, tt := range tests {
		theirs := new(mdns.Msg)
		theirs.SetQuestion("mx.example.", mdns.TypeTXT)
		theirs.Rcode, theirs.RecursionAvailable = tt.rcode, tt.recursive
		for _, s := range tt.authority {
			rr, err := mdns.NewRR(s)
			if err != nil {
				t.Fatal(err)
			}
			theirs.Ns = append(theirs.Ns, rr)
		}
		raw, _ := theirs.Pack()
		m, err := parseMessage(raw)
		if err != nil || usable(&m) != tt.want {
			t.Errorf("code %d, recursive %v, %q: usable %v, %v", tt.rcode, tt.recursive, tt.authority, usable(&m), err)
		}
	}
}
