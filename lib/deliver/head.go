package deliver

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"postern/lib/header"
	"postern/lib/smtp"
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

// notDelivered returns ErrLoop when the message was delivered to the address
// before, by its Delivered-To fields. It leaves msg where it stood.
func (d *Deliverer) notDelivered(address string, msg io.ReadSeeker) error {
	start, err := msg.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	judge := newHead(io.Discard, d.config.MaxReceived, address)
	_, err = io.Copy(judge, io.LimitReader(msg, maxHead))
	if err == nil {
		err = judge.Close()
	}
	_, back := msg.Seek(start, io.SeekStart)
	return errors.Join(err, back)
}

// finalFields is what the last host puts in front of a message: Return-Path
// (RFC 5321 4.4) and, for one address, Delivered-To.
func finalFields(sender smtp.Mailbox, address string) []byte {
	b := append([]byte("Return-Path: <"), oneLine(sender.String())...)
	b = append(b, ">\n"...)
	if address != "" {
		b = append(append(b, "Delivered-To: "...), oneLine(address)...)
		b = append(b, '\n')
	}
	return b
}

// oneLine is s without what could end its line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}
