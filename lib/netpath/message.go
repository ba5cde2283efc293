package netpath

import "fmt"

// Protocol is what an answer came by.
type Protocol byte

// The protocols of answers.
const (
	ICMPv4 Protocol = iota // RFC 792
	ICMPv6                 // RFC 4443
	FromTCP
)

// Message is what an answer says: the type and code of ICMP, or the flags of TCP
// as Type.
type Message struct {
	Protocol   Protocol
	Type, Code byte
}

// Types and codes of ICMP.
const (
	echoReply, unreachable, exceeded    = 0, 3, 11
	unreachable6, exceeded6, echoReply6 = 1, 3, 129
)

// Flags of TCP (RFC 9293 3.1).
const (
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// unreachables are the codes of destination unreachable: RFC 792, RFC 1122
// 3.2.2.1 and RFC 1812 5.2.7.1, each with the mark of traceroute(8).
var unreachables = [...]struct{ words, mark string }{
	{"network unreachable", "!N"}, {"host unreachable", "!H"}, {"protocol unreachable", "!P"}, {"port unreachable", ""},
	{"fragmentation needed", "!F"}, {"source route failed", "!S"}, {"network unknown", "!U"}, {"host unknown", "!W"},
	{"host isolated", "!I"}, {"network prohibited", "!A"}, {"host prohibited", "!Z"},
	{"network unreachable for this service", "!Q"}, {"host unreachable for this service", "!T"},
	{"prohibited", "!X"}, {"host precedence violation", "!V"}, {"precedence cutoff", "!C"},
}

// unreachables6 are those of RFC 4443 3.1.
var unreachables6 = [...]struct{ words, mark string }{
	{"no route", "!N"}, {"prohibited", "!X"}, {"beyond scope", "!S"}, {"address unreachable", "!H"},
	{"port unreachable", ""}, {"source address policy", "!P"}, {"route rejected", "!R"},
}

// String is what the message says in words: "time exceeded".
func (m Message) String() string {
	switch {
	case m.Protocol == FromTCP && m.Type&flagRST != 0:
		return "RST"
	case m.Protocol == FromTCP:
		return "SYN-ACK"
	case m.isExceeded():
		return "time exceeded"
	case m.isEcho():
		return "echo reply"
	}
	if words, _, ok := m.unreachable(); ok {
		return words
	}
	return fmt.Sprintf("ICMP type %d code %d", m.Type, m.Code)
}

// Mark is how traceroute(8) marks what is neither the answer of a router on the
// way nor the usual one of a host: "!H" for an unreachable one; else "".
func (m Message) Mark() string {
	if _, mark, ok := m.unreachable(); ok {
		return mark
	}
	if m.isUnreachable() {
		return fmt.Sprintf("!<%d>", m.Code)
	}
	return ""
}

// end tells what the message says about the path: Silent for a router on the
// way, Reached, or Blocked. It is not ok when it says nothing.
func (m Message) end() (e End, ok bool) {
	switch {
	case m.isExceeded():
		return Silent, true
	case m.Protocol == FromTCP, m.isEcho(),
		m == Message{ICMPv4, unreachable, 3}, m == Message{ICMPv6, unreachable6, 4}:
		return Reached, true
	case m.isUnreachable():
		return Blocked, true
	}
	return Silent, false
}

func (m Message) isExceeded() bool {
	return m == Message{ICMPv4, exceeded, 0} || m == Message{ICMPv6, exceeded6, 0}
}

func (m Message) isEcho() bool {
	return m == Message{ICMPv4, echoReply, 0} || m == Message{ICMPv6, echoReply6, 0}
}

func (m Message) isUnreachable() bool {
	return m.Protocol == ICMPv4 && m.Type == unreachable || m.Protocol == ICMPv6 && m.Type == unreachable6
}

// unreachable names a message that says why the host cannot be reached.
func (m Message) unreachable() (words, mark string, ok bool) {
	switch {
	case !m.isUnreachable():
	case m.Protocol == ICMPv4 && int(m.Code) < len(unreachables):
		u := unreachables[m.Code]
		return u.words, u.mark, true
	case m.Protocol == ICMPv6 && int(m.Code) < len(unreachables6):
		u := unreachables6[m.Code]
		return u.words, u.mark, true
	}
	return "", "", false
}
