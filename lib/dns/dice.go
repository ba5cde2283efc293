package dns

import "encoding/binary"

// dice gives random octets, which are got from the kernel many at a time.
type dice struct {
	octets [256]byte
	left   int // octets not given yet, the first ones
}

// take returns n octets, at most as many as dice hold. They are good until
// the next call.
func (d *dice) take(n int) []byte {
	if d.left < n {
		random(d.octets[:])
		d.left = len(d.octets)
	}
	d.left -= n
	return d.octets[d.left : d.left+n]
}

// id returns a random id.
func (d *dice) id() uint16 { return binary.BigEndian.Uint16(d.take(2)) }

// mixCase gives each letter of a name in wire form a random case. The length of
// a label, at most 63, is no letter.
func (d *dice) mixCase(name []byte) {
	bits := d.take(len(name)/8 + 1)
	for i, c := range name {
		if 'a' <= c && c <= 'z' && bits[i/8]>>(i%8)&1 == 1 {
			name[i] = c - 'a' + 'A'
		}
	}
}
