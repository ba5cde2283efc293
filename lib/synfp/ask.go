package synfp

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"postern/lib/record"
)

// Socket is the path of the collector's socket in the folder of sockets,
// /run/postern.
func Socket(run string) string { return filepath.Join(run, "synfp") }

// MaxQuestion bounds a line between collector and session.
const MaxQuestion = 512

// ErrUnseen says that the collector has not seen the SYN.
var ErrUnseen = errors.New("the collector has not seen the SYN")

// leastWait is what it takes to ask for what has been seen already.
const leastWait = 50 * time.Millisecond

// Wait is how long to ask the collector for, where so many milliseconds are said
// (SynFpWait): 0 is for what it has seen already.
func Wait(ms int) time.Duration { return max(time.Duration(ms)*time.Millisecond, leastWait) }

// Ask asks the collector behind a socket for the SYN of a connection. The
// collector waits until it has seen it or the context is done; the server's
// address may be the zero one. The question and its answer are lines of records:
//
//	client_address=192.0.2.1 client_port=4242 server_address=192.0.2.9 server_port=25
//	syn_fingerprint=64240:57:1:60:M1460,S,T,N,W7
//
// and an empty line is the answer to a question that is not understood, or that
// was asked too long ago.
func Ask(ctx context.Context, socket string, client, server netip.AddrPort) (Fingerprint, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return Fingerprint{}, fmt.Errorf("no collector (synfp --collect): %w", err)
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := c.Write(question(client, server)); err != nil {
		return Fingerprint{}, err
	}
	line, err := bufio.NewReaderSize(c, MaxQuestion).ReadSlice('\n')
	if err != nil {
		return Fingerprint{}, fmt.Errorf("the collector's answer: %w", cmp.Or(ctx.Err(), err))
	}
	return answer(line)
}

func question(client, server netip.AddrPort) []byte {
	var r record.Record
	r.Set("client_address", client.Addr().String())
	r.SetInt("client_port", int64(client.Port()))
	if server.IsValid() {
		r.Set("server_address", server.Addr().String())
		r.SetInt("server_port", int64(server.Port()))
	}
	return append([]byte(r.String()), '\n')
}

func answer(line []byte) (Fingerprint, error) {
	r, err := record.ParseLine(line[:len(line)-1])
	if err != nil {
		return Fingerprint{}, fmt.Errorf("the collector's answer: %w", err)
	}
	text, ok := r.Lookup("syn_fingerprint")
	if !ok {
		return Fingerprint{}, ErrUnseen
	}
	return Parse(text)
}
