//go:build !linux

package dns

// atOnce is how many datagrams are sent or received together.
const atOnce = 1

// packets sends and receives datagrams one by one. One goroutine may send while
// another receives.
type packets struct {
	conn connection
	in   [maxUDP]byte
	list [1][]byte
	out  []byte
}

func newPackets(conn connection) *packets { return &packets{conn: conn} }

// load makes a message the next that is sent.
func (p *packets) load(_ int, wire []byte) { p.out = append(p.out[:0], wire...) }

// loaded returns it.
func (p *packets) loaded(int) []byte { return p.out }

func (p *packets) send(int) error {
	_, err := p.conn.Write(p.out)
	if err != nil {
		// It may be about an earlier datagram, which the host refused.
		_, err = p.conn.Write(p.out)
	}
	return err
}

// receive waits for a datagram. It is good until the next call.
func (p *packets) receive() ([][]byte, error) {
	n, err := p.conn.Read(p.in[:])
	p.list[0] = p.in[:n]
	return p.list[:], err
}
