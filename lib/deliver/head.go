package deliver

import (
	"fmt"
	"io"
	"strings"

	"postern/lib/header"
)

// maxHead is how much of a queued message is looked at as its header, in
// octets.
const maxHead = 256 << 10

// newHead is a writer in front of w that takes Return-Path fields out of a
// message's header (RFC 5321 4.4), and finds messages that go round in circles:
// by the number of hosts that they have seen (6.3), or because they were
// delivered before to one of the addresses, those that deliver now.
func newHead(w io.Writer, maxReceived int, addresses ...string) *header.Filter {
	received := 0
	var here map[string]bool // the addresses; a header may have many Delivered-To
	return header.NewFilter(w, func(f header.Field) ([]byte, error) {
		switch {
		case f.Is("Return-Path"):
			return nil, nil
		case f.Is("Received"):
			if received++; received > maxReceived {
				return nil, fmt.Errorf("%w: more than %d Received fields", ErrLoop, maxReceived)
			}
		case f.Is("Delivered-To"):
			if here == nil {
				here = lowerSet(addresses)
			}
			if body := f.Body(); here[strings.ToLower(body)] {
				return nil, fmt.Errorf("%w: it was delivered to %s before", ErrLoop, body)
			}
		}
		return f.Text, nil
	})
}

func lowerSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[strings.ToLower(s)] = true
	}
	return set
}
