package main

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"postern/lib/synfp"
)

// errNoIP says that there is no IP packet in a frame.
var errNoIP = errors.New("no IP packet")

// Link types that gopacket does not know. Of the number of one it keeps eight
// bits: SLL2, which tcpdump -i any writes, is 276, and no link is 20.
const (
	linkRawBSD     layers.LinkType = 12
	linkRawOpenBSD layers.LinkType = 14
	linkSLL2       layers.LinkType = 276 & 0xff

	headerSLL2 = 20 // octets, the EtherType first
)

// decode reads the SYN of a frame as it was captured from a link. Whatever the
// frame is, it gives an error or a SYN: gopacket turns panics of its layers
// into errors.
func decode(frame []byte, link layers.LinkType) (synfp.SYN, error) {
	p, err := ipPacket(frame, link)
	if err != nil {
		return synfp.SYN{}, err
	}
	return synfp.ParsePacket(p)
}

// ipPacket is the IP packet in a frame.
func ipPacket(frame []byte, link layers.LinkType) ([]byte, error) {
	switch link {
	case layers.LinkTypeRaw, linkRawBSD, linkRawOpenBSD, layers.LinkTypeIPv4, layers.LinkTypeIPv6:
		return frame, nil
	case layers.LinkTypeEthernet:
		if p, ok := ethernet(frame); ok { // nearly all there is
			return p, nil
		}
	case linkSLL2:
		if len(frame) < headerSLL2 {
			return nil, errNoIP
		}
		return within(frame[headerSLL2:], layers.EthernetType(binary.BigEndian.Uint16(frame)))
	case layers.LinkTypePPP_HDLC:
		link = layers.LinkTypePPP
	}
	return within(frame, link)
}

// within is the first IP packet that gopacket finds.
func within(frame []byte, first gopacket.Decoder) ([]byte, error) {
	p := gopacket.NewPacket(frame, first, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	n := p.NetworkLayer()
	if n == nil {
		return nil, errNoIP
	}
	// The headers of IPv6 may be several layers: we read them ourselves.
	head := slices.Clone(n.LayerContents())
	if six, ok := n.(*layers.IPv6); ok && six.HopByHop != nil {
		head = append(head, six.HopByHop.Contents...) // which is in neither part
	}
	return append(head, n.LayerPayload()...), nil
}

// knows says whether frames of a link can be understood.
func knows(link layers.LinkType) bool {
	switch link {
	case linkRawBSD, linkRawOpenBSD, linkSLL2, layers.LinkTypeIPv4, layers.LinkTypeIPv6, layers.LinkTypePPP_HDLC:
		return true
	}
	_, unknown := layers.LinkTypeMetadata[link].DecodeWith.(error) // which is all that it decodes to
	return !unknown
}

// ethernet is the IP packet in a plain frame of Ethernet.
func ethernet(frame []byte) ([]byte, bool) {
	const header = 14
	if len(frame) < header {
		return nil, false
	}
	switch t := layers.EthernetType(uint16(frame[12])<<8 | uint16(frame[13])); t {
	case layers.EthernetTypeIPv4, layers.EthernetTypeIPv6:
		return frame[header:], true
	}
	return nil, false
}
