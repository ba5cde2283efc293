package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"postern/lib/synfp"
)

// errFormat says that a file is no capture.
var errFormat = errors.New("not a capture of pcap or pcapng")

// reader is a capture file, of either format.
type reader interface {
	ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	LinkType() layers.LinkType
}

// linkOfFrame is the link that a frame was captured from: in a file of pcapng
// there may be several.
func linkOfFrame(r reader, info gopacket.CaptureInfo) layers.LinkType {
	if len(info.AncillaryData) > 0 {
		if kind, ok := info.AncillaryData[0].(layers.LinkType); ok {
			return kind
		}
	}
	return r.LinkType()
}

// readFile brings the SYNs of a capture file, "-" for standard input. A file
// that ends within a packet, as one that is still being written does, is read
// as far as it goes.
func readFile(name string, w wanted, take func(synfp.SYN) error) error {
	in := os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	if err := readFrom(in, w, take); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readFrom reads a capture. What gopacket's reader of a malformed one panics
// with is an error.
func readFrom(in io.Reader, w wanted, take func(synfp.SYN) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errFormat, p)
		}
	}()
	r, err := newReader(bufio.NewReader(in))
	if err != nil {
		return fmt.Errorf("%w: %v", errFormat, err)
	}
	return readAll(r, w, take)
}

// newReader tells the formats apart by their first octets.
func newReader(in *bufio.Reader) (r reader, err error) {
	magic, err := in.Peek(4)
	if err != nil {
		return nil, err
	}
	if string(magic) == "\x0a\x0d\x0d\x0a" {
		return pcapgo.NewNgReader(&blocks{in: in}, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	}
	old, err := pcapgo.NewReader(in)
	if err == nil {
		old.SetSnaplen(maxFrame)
	}
	return old, err
}

func readAll(r reader, w wanted, take func(synfp.SYN) error) error {
	var left unread
	for {
		frame, info, err := r.ReadPacketData()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return left.err()
		case err != nil:
			return fmt.Errorf("%w: %v", errFormat, err)
		}
		link := linkOfFrame(r, info)
		s, err := decode(frame, link)
		left.count(err, link, info)
		if err != nil || !w.matches(&s) {
			continue
		}
		if err := take(s); err != nil {
			return err
		}
	}
}

// errUnread says that there are packets in a capture which could not be looked at.
var errUnread = errors.New("not all could be read")

// unread counts them.
type unread struct {
	short   int // cut short by whoever captured them
	foreign int // of a link that is unknown
	link    layers.LinkType
}

func (u *unread) count(err error, link layers.LinkType, info gopacket.CaptureInfo) {
	switch {
	case err == nil:
	case !knows(link):
		u.foreign, u.link = u.foreign+1, link
	case errors.Is(err, synfp.ErrShort) && info.CaptureLength < info.Length:
		u.short++
	}
}

func (u *unread) err() error {
	switch {
	case u.foreign > 0:
		return fmt.Errorf("%w: frames from a link of type %d, which is unknown: %d", errUnread, u.link, u.foreign)
	case u.short > 0:
		return fmt.Errorf("%w: packets cut short: %d (tcpdump -s 256 takes enough)", errUnread, u.short)
	}
	return nil
}
