package dns

import (
	"net"
	"testing"
	"time"
)

// watchedConn tells when it is closed.
type watchedConn struct {
	*net.UDPConn
	closed chan struct{}
}

func (c watchedConn) Close() error {
	close(c.closed)
	return c.UDPConn.Close()
}

// A socket to another host does not keep its port for ever, and ends with the
// last question that waits for it.
func TestSocketRetires(t *testing.T) {
	peer, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	for _, waiting := range []bool{false, true} {
		conn, err := net.DialUDP("udp", nil, peer.LocalAddr().(*net.UDPAddr))
		if err != nil {
			t.Fatal(err)
		}
		closed := make(chan struct{})
		s := newSocket(watchedConn{conn, closed}, nil)
		b := newBatch()
		b.ask(key{"mx.example", TypeA}).wire = compose(nil, key{"mx.example", TypeA}, true, nil)
		if waiting {
			if _, err := s.enter(b); err != nil {
				t.Fatal(err)
			}
		}
		s.asked = manyQuestions
		if s.fresh(true) || s.fresh(false) || s.ask(t.Context(), newBatch(), time.Second) != errRetired {
			t.Errorf("after %d questions it is used still", s.asked)
		}
		if waiting {
			select {
			case <-closed:
				t.Error("closed while a question waits")
			default:
			}
			s.leave(b)
		}
		<-closed
	}
}

// A socket to this host may be used for ever.
func TestSocketStays(t *testing.T) {
	s := &socket{asked: manyQuestions}
	if !s.fresh(false) {
		t.Errorf("after %d questions it is not used", s.asked)
	}
}
