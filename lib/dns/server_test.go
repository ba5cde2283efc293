package dns

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

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
