package dns

import (
	"encoding/binary"
	"strings"
)

const (
	headerSize = 12 // RFC 1035 4.1.1
	// optSize is the EDNS record without options: root, type, payload, flags
	// and no data (RFC 6891 6.1.2).
	optSize = 11
	// payload is the size of UDP answers that we ask for (RFC 6891 6.2.5):
	// what passes every path unfragmented.
	payload = 1232

	// maxQuestion is the size of the longest message that asks something.
	maxQuestion = headerSize + maxName + 2 + 4 + optSize

	typeOPT    = 41
	classINET  = 1
	flagAnswer = 0x80 // QR, in the third octet
	flagTC     = 0x02
	flagRD     = 0x01
	flagRA     = 0x80 // in the fourth octet
	flagAD     = 0x20
)

// compose appends the message that asks k, with an id of zero. If they are not
// nil, the dice give its letters a random case, which the answer has to repeat.
func compose(b []byte, k key, edns bool, mix *dice) []byte {
	// The AD bit asks for one in the answer (RFC 6840 5.7).
	b = append(b, 0, 0, flagRD, flagAD, 0, 1, 0, 0, 0, 0, 0, 0)
	start := len(b)
	b = appendWireName(b, k.name)
	if mix != nil {
		mix.mixCase(b[start:])
	}
	b = binary.BigEndian.AppendUint16(b, uint16(k.t))
	b = append(b, 0, classINET)
	if edns {
		b[start-1] = 1 // additional records
		b = append(b, 0, 0, typeOPT, payload>>8, payload&0xff, 0, 0, 0, 0, 0, 0)
	}
	return b
}

// appendWireName appends a name that question accepted as labels
// (RFC 1035 3.1).
func appendWireName(b []byte, name string) []byte {
	if strings.IndexByte(name, '\\') >= 0 {
		name = Unescape(name) // no label of ours has a dot in it
	}
	for more := name != ""; more; {
		var label string
		label, name, more = strings.Cut(name, ".")
		b = append(b, byte(len(label)))
		b = append(b, label...)
	}
	return append(b, 0)
}
