package main

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
)

// startEcho starts a name server that knows no name ending in "none.test" and
// gives every other one the address 127.0.0.2 for a minute.
func startEcho(t testing.TB) (addr string) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			conn.WriteToUDPAddrPort(echo(buf[:n]), from)
		}
	}()
	return conn.LocalAddr().String()
}

// echo makes the answer of a question (RFC 1035 4.1).
func echo(q []byte) []byte {
	end := 12
	for q[end] != 0 {
		end += 1 + int(q[end])
	}
	none := strings.Contains(string(q[:end]), "none\x04test")
	answer := append(q[:end+5:end+5], 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 2)
	answer[2], answer[7], answer[11] = 0x80, 1, 0
	if none {
		answer = answer[:end+5]
		answer[3], answer[7] = 3, 0
	}
	return answer
}

// addresses is an input of n lines, each another address.
type addresses struct{ i, n int }

func (a *addresses) Read(b []byte) (int, error) {
	if a.i == a.n {
		return 0, io.EOF
	}
	at := 0
	for ; a.i < a.n && at+len("10.255.255.255\n") <= len(b); a.i++ {
		at += len(fmt.Appendf(b[at:at], "10.%d.%d.%d\n", a.i>>16&255, a.i>>8&255, a.i&255))
	}
	return at, nil
}

// sampler counts the lines that are written, and measures the heap after some.
type sampler struct {
	after   []int
	lines   int
	samples []uint64
}

func (s *sampler) Write(b []byte) (int, error) {
	s.lines += strings.Count(string(b), "\n")
	if len(s.samples) < len(s.after) && s.lines >= s.after[len(s.samples)] {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		s.samples = append(s.samples, m.HeapAlloc)
	}
	return len(b), nil
}

// Nothing is kept of a line when it is written, and of answers only so many.
func TestStreamIsFlat(t *testing.T) {
	const lines = 100_000
	out := &sampler{after: []int{lines / 4, lines / 2, lines * 3 / 4, lines - 5000}}
	args := []string{"-r", startEcho(t), "-b", "some.test", "-b", "none.test"}
	if status := run(args, &addresses{n: lines}, out, io.Discard); status != 0 || out.lines != lines {
		t.Fatalf("status %d, %d lines, want %d", status, out.lines, lines)
	}
	// What is on its way differs by less than a few octets for each line.
	if first, last := out.samples[0], out.samples[len(out.samples)-1]; last > first+8*lines {
		t.Errorf("the heap grows: %d octets", out.samples)
	}
}

func BenchmarkStream(b *testing.B) {
	args := []string{"-r", startEcho(b), "-b", "none.test", "-b", "a.none.test", "-b", "b.none.test", "-b", "c.none.test"}
	b.ReportAllocs()
	b.ResetTimer()
	if status := run(args, &addresses{n: b.N}, io.Discard, io.Discard); status != 0 {
		b.Fatalf("status %d", status)
	}
}
