package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// header2 makes a header of version 2.
func header2(command, family byte, rest string) string {
	b := append([]byte(signature2), command, family)
	b = binary.BigEndian.AppendUint16(b, uint16(len(rest)))
	return string(b) + rest
}

// in4 and in6 are the addresses 192.0.2.1:49152 -> 192.0.2.9:25 and the like.
const (
	in4 = "\xc0\x00\x02\x01" + "\xc0\x00\x02\x09" + "\xc0\x00" + "\x00\x19"
	in6 = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02" + "\x00\x01" + "\x00\x02"
	mapped = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x01" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x09" + "\xc0\x00" + "\x00\x19"
	tlv = "\x04\x00\x02ab"
)

// proxyHeaders are headers with what they say, "" for nothing.
var proxyHeaders = []struct{ name, header, client, server string }{
	{"1, IPv4", "PROXY TCP4 192.0.2.1 192.0.2.9 49152 25\r\n", "192.0.2.1:49152", "192.0.2.9:25"},
	{"1, IPv6", "PROXY TCP6 2001:db8::1 2001:DB8::2 1 2\r\n", "[2001:db8::1]:1", "[2001:db8::2]:2"},
	{"1, v4-mapped", "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.9 49152 25\r\n", "192.0.2.1:49152", "192.0.2.9:25"},
	{"1, port 0", "PROXY TCP4 192.0.2.1 192.0.2.9 0 25\r\n", "192.0.2.1:0", "192.0.2.9:25"},
	{"1, unknown", "PROXY UNKNOWN\r\n", "", ""},
	{"1, unknown with words", "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", "", ""},
	{"2, IPv4", header2(proxy2, tcp4, in4), "192.0.2.1:49152", "192.0.2.9:25"},
	{"2, IPv4 with TLV", header2(proxy2, tcp4, in4+tlv+tlv), "192.0.2.1:49152", "192.0.2.9:25"},
	{"2, IPv6", header2(proxy2, tcp6, in6), "[2001:db8::1]:1", "[2001:db8::2]:2"},
	{"2, v4-mapped", header2(proxy2, tcp6, mapped), "192.0.2.1:49152", "192.0.2.9:25"},
	{"2, health check", header2(local2, 0, ""), "", ""},
	{"2, health check with addresses", header2(local2, tcp4, in4), "", ""},
	{"2, of no family", header2(proxy2, 0, "whatever"), "", ""},
	{"2, of Unix sockets", header2(proxy2, 0x31, strings.Repeat("\x00", 216)), "", ""},
}

func TestParseProxy(t *testing.T) {
	for _, tt := range proxyHeaders {
		t.Run(tt.name, func(t *testing.T) {
			for cut := range len(tt.header) {
				if _, _, err := parseProxy([]byte(tt.header[:cut])); err != errShort {
					t.Fatalf("after %d octets: %v", cut, err)
				}
			}
			var want ends
			if tt.client != "" {
				want = ends{netip.MustParseAddrPort(tt.client), netip.MustParseAddrPort(tt.server)}
			}
			got, n, err := parseProxy([]byte(tt.header + "EHLO x\r\n"))
			if err != nil || n != len(tt.header) || got != want {
				t.Errorf("%v, %d octets, %v; want %v, %d octets", got, n, err, want, len(tt.header))
			}
		})
	}
}

// brokenHeaders are headers that are none.
var brokenHeaders = []struct{ name, header, words string }{
	{"SMTP", "EHLO mx.example.org\r\n", "no PROXY header"},
	{"TLS", "\x16\x03\x01\x02", "no PROXY header"},
	{"in lower case", "proxy TCP4 192.0.2.1 192.0.2.9 49152 25\r\n", "no PROXY header"},
	{"1, without words", "PROXY \r\n", "not as it should be"},
	{"1, of no family", "PROXY UDP4 192.0.2.1 192.0.2.9 49152 25\r\n", "not as it should be"},
	{"1, two blanks", "PROXY TCP4  192.0.2.1 192.0.2.9 49152 25\r\n", "not as it should be"},
	{"1, a word too many", "PROXY TCP4 192.0.2.1 192.0.2.9 49152 25 x\r\n", "not as it should be"},
	{"1, a word too few", "PROXY TCP4 192.0.2.1 192.0.2.9 49152\r\n", "not as it should be"},
	{"1, a name", "PROXY TCP4 client.example 192.0.2.9 49152 25\r\n", "an address that is none"},
	{"1, the other family", "PROXY TCP4 2001:db8::1 192.0.2.9 49152 25\r\n", "an address that is none"},
	{"1, a zone", "PROXY TCP6 fe80::1%lo 2001:db8::1 1 2\r\n", "an address that is none"},
	{"1, a port too large", "PROXY TCP4 192.0.2.1 192.0.2.9 65536 25\r\n", "an address that is none"},
	{"1, a port with zeros", "PROXY TCP4 192.0.2.1 192.0.2.9 049 25\r\n", "an address that is none"},
	{"1, without an end", "PROXY TCP4 " + strings.Repeat("1", 200), "too long"},
	{"1, without CR", "PROXY TCP4 192.0.2.1 192.0.2.9 49152 25\n" + strings.Repeat("x", 107), "too long"},
	{"2, version 1", header2(0x11, tcp4, in4), "version and command 0x11"},
	{"2, unknown command", header2(0x22, tcp4, in4), "version and command 0x22"},
	{"2, too short for IPv4", header2(proxy2, tcp4, in4[:11]), "too short"},
	{"2, too short for IPv6", header2(proxy2, tcp6, in4), "too short"},
	{"2, too long", header2(proxy2, tcp4, strings.Repeat("x", 0xffff)), "too long"},
	{"2, broken TLV", header2(proxy2, tcp4, in4+"\x04\x00\x05ab"), "broken TLV"},
	{"2, half a TLV", header2(proxy2, tcp4, in4+"\x04\x00"), "broken TLV"},
}

func TestParseProxyRefuses(t *testing.T) {
	for _, tt := range brokenHeaders {
		_, _, err := parseProxy([]byte(tt.header))
		if err == nil || errors.Is(err, errShort) || !strings.Contains(err.Error(), tt.words) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.words)
		}
	}
}

func FuzzParseProxy(f *testing.F) {
	for _, tt := range proxyHeaders {
		f.Add([]byte(tt.header))
	}
	for _, tt := range brokenHeaders {
		f.Add([]byte(tt.header))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, n, err := parseProxy(b)
		switch {
		case err == errShort && len(b) >= maxProxy2:
			t.Error("more is wanted than may come")
		case err != nil && (e != ends{} || n != 0):
			t.Error("a broken header says something")
		case err == nil && (n < 1 || n > len(b)):
			t.Errorf("%d octets of %d", n, len(b))
		case e.client.Addr().Is4In6() || e.server.Addr().Is4In6():
			t.Error("an address is v4-mapped")
		}
		if err != nil {
			return
		}
		// What stands behind the header changes nothing, and neither does
		// its being alone.
		if again, m, err := parseProxy(append(b[:n:n], "EHLO"...)); again != e || m != n || err != nil {
			t.Errorf("%v %d, then %v %d %v", e, n, again, m, err)
		}
	})
}
