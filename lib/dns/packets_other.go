//go:build !linux

package dns

import "net"

// outbox has no use here.
type outbox struct{}

// packets sends and receives datagrams one by one.
type packets struct {
	conn net.Conn
	buf  [maxUDP]byte
	list [1][]byte
}

func newPackets(conn net.Conn) *packets { return &packets{conn: conn} }

func (p *packets) send(b *batch) error {
	for i := range b.slots {
		if _, err := p.conn.Write(b.slots[i].wire); err != nil {
			return err
		}
	}
	return nil
}

// receive waits for datagrams. They are good until the next call.
func (p *packets) receive() ([][]byte, error) {
	n, err := p.conn.Read(p.buf[:])
	p.list[0] = p.buf[:n]
	return p.list[:], err
}
