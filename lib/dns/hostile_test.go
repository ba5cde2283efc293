package dns

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// hostile is a resolver that asks somebody who answers every question with reply
// of it.
func hostile(t *testing.T, direct bool, reply func(wire []byte) []byte) Resolver {
	t.Helper()
	return New(Config{Servers: []netip.AddrPort{answering(t, reply)}, Try: 300 * time.Millisecond, Rounds: 1, Direct: direct})
}

func answering(t *testing.T, reply func(wire []byte) []byte) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			conn.WriteTo(reply(append([]byte(nil), buf[:n]...)), from)
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// The AD bit counts only when it comes from a server that is trusted.
func TestAuthenticOfWhom(t *testing.T) {
	addr := answering(t, func(wire []byte) []byte {
		reply := append(wire[:headerSize+len(questionOf(wire))], 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1)
		reply[2], reply[3], reply[7], reply[11] = flagAnswer, flagAD, 1, 0
		return reply
	})
	for _, trusted := range []bool{false, true} {
		c := newClient(Config{Servers: []netip.AddrPort{addr}})
		c.servers[0].trust = trusted
		if a, err := c.lookups().Query(context.Background(), "mx.example", TypeA); err != nil || a.Authentic != trusted {
			t.Errorf("trusted %v: %+v, %v", trusted, a, err)
		}
	}
}

// Letters are mixed for who needs it, however he is asked.
func TestMixedLetters(t *testing.T) {
	asked := make(chan string, 1)
	addr := answering(t, func(wire []byte) []byte {
		asked <- string(questionOf(wire))
		reply := wire[:headerSize+len(questionOf(wire))]
		reply[2], reply[3], reply[11] = flagAnswer, rcodeNameError, 0
		return reply
	})
	for _, direct := range []bool{false, true} {
		for _, mix := range []bool{false, true} {
			c := newClient(Config{Servers: []netip.AddrPort{addr}, Direct: direct})
			c.servers[0].mix = mix
			c.lookups().Query(context.Background(), "a-long-name-with-many-letters.example", TypeA)
			if q := <-asked; (q != strings.ToLower(q)) != mix {
				t.Errorf("direct %v, mix %v: asked for %q", direct, mix, q)
			}
		}
	}
}

// A question that a server calls malformed with EDNS and without says nothing
// about others: whoever owns such a name does not take EDNS away from them.
func TestOneMalformedQuestion(t *testing.T) {
	asked := make(chan bool, 10) // whether by EDNS
	r := hostile(t, true, func(wire []byte) []byte {
		end := headerSize + len(questionOf(wire))
		asked <- wire[11] == 1
		reply := wire[:end]
		reply[2], reply[11] = flagAnswer, 0
		reply[3] = rcodeNameError
		if strings.HasPrefix(string(wire[headerSize+1:]), "bad") {
			reply[3] = rcodeFormatError
		}
		return reply
	})
	for _, name := range []string{"good.example", "bad.example", "other.example"} {
		r.Query(context.Background(), name, TypeA)
	}
	var got []bool
	for range len(asked) {
		got = append(got, <-asked)
	}
	if want := []bool{true, true, false, true}; !slices.Equal(got, want) {
		t.Errorf("asked with EDNS: %v, want %v", got, want)
	}
}

// What a hostile server says is an error, or no answer, and never a record.
func TestHostileServers(t *testing.T) {
	// answer makes an answer of a question with the octets of its records.
	answer := func(wire, records []byte, count byte) []byte {
		end := headerSize + len(questionOf(wire))
		m := append(append([]byte(nil), wire[:end]...), records...)
		m[2] |= flagAnswer
		m[7], m[11] = count, 0
		return m
	}
	a := []byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1}
	const unreadable = "answers in a form that cannot be read"
	tests := []struct {
		name  string
		reply func(wire []byte) []byte
		want  string
	}{
		{"a good one", func(w []byte) []byte { return answer(w, a, 1) }, ""},
		{"more records than there are", func(w []byte) []byte { return answer(w, a, 255) }, unreadable},
		{"data longer than the message", func(w []byte) []byte { return answer(w, append(a[:11:11], 255, 1), 1) }, unreadable},
		{"an address of five octets", func(w []byte) []byte { return answer(w, append(a[:11:11], 5, 1, 2, 3, 4, 5), 1) }, unreadable},
		{"a name that points at itself", func(w []byte) []byte {
			at := byte(headerSize + len(questionOf(w)))
			return answer(w, append([]byte{0xc0, at}, a[2:]...), 1)
		}, "not found"},
		{"another class", func(w []byte) []byte { return answer(w, append([]byte{0xc0, 12, 0, 1, 0, 3}, a[6:]...), 1) }, "not found"},
		{"the question as the answer", func(w []byte) []byte { return w }, "does not answer"},
		{"nothing", func([]byte) []byte { return nil }, "does not answer"},
		{"a header", func(w []byte) []byte { return append(append(w[:2:2], 0x80, 0), make([]byte, 8)...) }, "does not answer"},
		{"another type", func(w []byte) []byte {
			m := answer(w, a, 1)
			m[headerSize+len(questionOf(w))-3] = 28
			return m
		}, "does not answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, direct := range []bool{false, true} {
				got, err := hostile(t, direct, tt.reply).Query(context.Background(), "mx.example", TypeA)
				switch {
				case tt.want == "" && (err != nil || len(got.Records) != 1 || got.Records[0].Data != "192.0.2.1"):
					t.Errorf("got %v, %v", got, err)
				case tt.want != "" && (err == nil || !strings.HasSuffix(err.Error(), tt.want)):
					t.Errorf("got %v, %v, want %s", got.Records, err, tt.want)
				}
			}
		})
	}
}
