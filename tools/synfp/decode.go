package main

import (
	"errors"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"postern/lib/synfp"
)

// errNoIP says that there is no IP packet in a frame.
var errNoIP = errors.New("no IP packet")

// decode reads the SYN of a frame as it was captured from a link. Whatever the
// frame is, it gives an error or a SYN: gopacket turns panics of its layers
// into errors.
func decode(frame []byte, link layers.LinkType) (synfp.SYN, error) {
	if link == layers.LinkTypeEthernet {
		if p, ok := ethernet(frame); ok { // nearly all there is
			return synfp.ParsePacket(p)
		}
	}
	p := gopacket.NewPacket(frame, link, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	n := p.NetworkLayer()
	if n == nil {
		return synfp.SYN{}, errNoIP
	}
	// The headers of IPv6 may be several layers: we read them ourselves.
	head := n.LayerContents()
	return synfp.ParsePacket(append(head[:len(head):len(head)], n.LayerPayload()...))
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
