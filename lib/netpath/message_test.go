package netpath

import "testing"

func TestMessage(t *testing.T) {
	for _, tt := range []struct {
		m           Message
		words, mark string
		end         End
		ok          bool
	}{
		{Message{ICMPv4, 11, 0}, "time exceeded", "", Silent, true},
		{Message{ICMPv4, 11, 1}, "ICMP type 11 code 1", "", Silent, false},
		{Message{ICMPv4, 3, 0}, "network unreachable", "!N", Blocked, true},
		{Message{ICMPv4, 3, 1}, "host unreachable", "!H", Blocked, true},
		{Message{ICMPv4, 3, 3}, "port unreachable", "", Reached, true},
		{Message{ICMPv4, 3, 13}, "prohibited", "!X", Blocked, true},
		{Message{ICMPv4, 3, 99}, "ICMP type 3 code 99", "!<99>", Blocked, true},
		{Message{ICMPv4, 0, 0}, "echo reply", "", Reached, true},
		{Message{ICMPv4, 12, 0}, "ICMP type 12 code 0", "", Silent, false},
		{Message{ICMPv6, 3, 0}, "time exceeded", "", Silent, true},
		{Message{ICMPv6, 1, 0}, "no route", "!N", Blocked, true},
		{Message{ICMPv6, 1, 1}, "prohibited", "!X", Blocked, true},
		{Message{ICMPv6, 1, 3}, "address unreachable", "!H", Blocked, true},
		{Message{ICMPv6, 1, 4}, "port unreachable", "", Reached, true},
		{Message{ICMPv6, 1, 200}, "ICMP type 1 code 200", "!<200>", Blocked, true},
		{Message{ICMPv6, 129, 0}, "echo reply", "", Reached, true},
		{Message{ICMPv6, 2, 0}, "ICMP type 2 code 0", "", Silent, false},
		{Message{FromTCP, 0x12, 0}, "SYN-ACK", "", Reached, true},
		{Message{FromTCP, 0x14, 0}, "RST", "", Reached, true},
	} {
		end, ok := tt.m.end()
		if tt.m.String() != tt.words || tt.m.Mark() != tt.mark || end != tt.end || ok != tt.ok {
			t.Errorf("%#v: got %q %q %v %v, want %q %q %v %v", tt.m, tt.m.String(), tt.m.Mark(), end, ok, tt.words, tt.mark, tt.end, tt.ok)
		}
	}
}

func TestMethod(t *testing.T) {
	for _, m := range []Method{UDP, TCP, ICMP} {
		if got, err := ParseMethod(m.String()); got != m || err != nil {
			t.Errorf("%v is read as %v, %v", m, got, err)
		}
	}
	if Method(9).String() != "unknown" || End(9).String() != "unknown" {
		t.Errorf("%v, %v", Method(9), End(9))
	}
}
