package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of a capture file: gopacket would believe its lengths, and make room
// for GiBs.
const (
	maxFrame = 256 << 10 // tcpdump's own bound
	maxBlock = 1 << 20   // of pcapng: a frame with its options
)

// Blocks of pcapng (draft-ietf-opsawg-pcapng 4) that say how long a frame is.
const (
	blockSection  = 0x0a0d0d0a
	blockPacket   = 2
	blockSimple   = 3
	blockEnhanced = 6

	blockHead   = 12 // octets to the byte order of a section
	frameLength = 20 // where a packet block has the length of its frame
)

// blocks reads a pcapng file block by block, none longer than is allowed, and
// none with a frame that is longer than itself.
type blocks struct {
	in    *bufio.Reader
	order binary.ByteOrder
	block []byte // what of the block is not yet read
}

var errBlock = errors.New("a block is too long")

// Read gives what there is of the block.
func (b *blocks) Read(p []byte) (int, error) {
	if len(b.block) == 0 {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.block)
	b.block = b.block[n:]
	return n, nil
}

// next reads a block, as far as it is there.
func (b *blocks) next() error {
	head, err := b.in.Peek(blockHead)
	if err != nil {
		return io.EOF
	}
	if binary.LittleEndian.Uint32(head) == blockSection {
		b.order = binary.BigEndian
		if binary.LittleEndian.Uint32(head[8:]) == 0x1a2b3c4d {
			b.order = binary.LittleEndian
		}
	}
	size := b.order.Uint32(head[4:])
	if size < blockHead || size > maxBlock {
		return fmt.Errorf("%w: %d octets", errBlock, size)
	}
	b.block = make([]byte, size)
	n, err := io.ReadFull(b.in, b.block)
	if n == 0 {
		return err
	}
	b.block = b.block[:n]
	return b.frame(b.order.Uint32(head))
}

// frame checks the length of the frame in a block.
func (b *blocks) frame(kind uint32) error {
	var size uint32
	switch {
	case kind == blockSimple:
		size = b.order.Uint32(b.block[8:])
	case (kind == blockPacket || kind == blockEnhanced) && len(b.block) >= frameLength+4:
		size = b.order.Uint32(b.block[frameLength:])
	}
	if size > maxFrame {
		return fmt.Errorf("%w: a frame of %d octets", errBlock, size)
	}
	return nil
}
