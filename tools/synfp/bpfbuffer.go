package main

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"
)

// What a bpf(4) device says, in terms that can be tested on any system.

// bpfLayout is how a kernel lays out the frames in a buffer: each behind a
// header, in which caplen and hdrlen are where the length of the frame, of four
// octets, and that of the header, of two, stand; and each at a multiple of align.
type bpfLayout struct{ caplen, hdrlen, align int }

// nextFrame takes the first frame of a buffer. It is nil at the end, or where
// the lengths are nonsense.
func nextFrame(buf []byte, l bpfLayout) (frame, rest []byte) {
	if len(buf) < l.caplen+4 || len(buf) < l.hdrlen+2 {
		return nil, nil
	}
	size := int(binary.NativeEndian.Uint32(buf[l.caplen:]))
	header := int(binary.NativeEndian.Uint16(buf[l.hdrlen:]))
	end := header + size
	if header < l.hdrlen+2 || size < 0 || end > len(buf) {
		return nil, nil
	}
	next := (end + l.align - 1) &^ (l.align - 1)
	return buf[header:end:end], buf[min(next, len(buf)):]
}

// Link types of the BSDs (their net/bpf.h), where they are called DLT.
const (
	dltNull        = 0 // four octets with the address family, as the host has them
	dltEther       = 1
	dltRaw         = 12
	dltLoop        = 108 // the same, in network order
	dltLoopOpenBSD = 12
	dltRawOpenBSD  = 14
)

// linkOf is the link type as gopacket has it, and where its IP header begins.
func linkOf(dlt int, openBSD bool) (kind layers.LinkType, at uint32, ok bool) {
	loop, raw := dltLoop, dltRaw
	if openBSD {
		loop, raw = dltLoopOpenBSD, dltRawOpenBSD
	}
	switch dlt {
	case dltNull:
		return layers.LinkTypeNull, 4, true
	case dltEther:
		return layers.LinkTypeEthernet, 14, true
	case loop:
		return layers.LinkTypeLoop, 4, true
	case raw:
		return layers.LinkTypeRaw, 0, true
	}
	return 0, 0, false
}
