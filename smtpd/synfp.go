package main

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"

	"postern/lib/conf"
	"postern/lib/maillog"
	"postern/lib/record"
	"postern/lib/synfp"
)

// synConfig is what the directives say about SYN fingerprints.
type synConfig struct {
	on     bool
	waitMs int
	mtu    int
	socket string
}

// Bounds of SynFpWait, in milliseconds.
const (
	defaultSynWait = 500
	maxSynWait     = 5000
)

func defaultSyn(run string) synConfig {
	return synConfig{on: true, waitMs: defaultSynWait, mtu: synfp.UsualMTU, socket: synfp.Socket(run)}
}

var synRows = []conf.Row[synConfig]{
	{Name: "SynFp", Args: "[0|1]", Default: "1",
		Value: func(c *synConfig) conf.Value { return conf.Bool(&c.on) },
		Help:  "Note the fingerprint of the packet that opened the connection, and the system that sends such, in the log and in X-Avenger. The kernel of Linux has it for connections that listen accepted; for others synfp is asked, where its collector runs. Behind a proxy there is none."},
	{Name: "SynFpWait", Args: "milliseconds", Default: "500",
		Value: func(c *synConfig) conf.Value { return conf.Int(&c.waitMs, 0, maxSynWait) },
		Help:  "How long to wait for the collector, from the beginning of the session; at most 5000, and 0 for what it has seen by then. Replies do not wait for it, only X-Avenger."},
	{Name: "SynOsMTU", Args: "octets", Default: "1500",
		Value: func(c *synConfig) conf.Value { return synfp.MTU(&c.mtu) },
		Help:  "The usual MTU of the network of clients, which is tried beside the one that the fingerprint tells when the system is named; 0 to try that alone."},
}

// leftSocket is the error of a socket whose collector is gone. It is not logged, as
// is that there is none.
const leftSocket = syscall.ECONNREFUSED

// lookAtSYN notes the fingerprint that the kernel kept, or begins to ask the
// collector for it. What opened a proxied connection is the proxy's.
func (s *session) lookAtSYN() {
	c := &s.conf.syn
	if _, proxied := s.peer.stated.Lookup("proxy_address"); !c.on || proxied || !s.peer.known() {
		return
	}
	if syn, ok := savedSYN(s.conn); ok {
		s.noteSYN(&s.rec, &syn.Fingerprint)
		return
	}
	if _, err := os.Lstat(c.socket); err != nil {
		return
	}
	client, server := s.peer.client, s.peer.server
	s.syn = inquire(s.server, "synfp", synfp.Wait(c.waitMs), func(ctx context.Context) synfp.Fingerprint {
		f, err := synfp.Ask(ctx, c.socket, client, server)
		if err != nil && !errors.Is(err, synfp.ErrUnseen) && !errors.Is(err, leftSocket) && ctx.Err() == nil {
			s.complain(maillog.Warning, "synfp", err)
		}
		return f
	})
}

// savedSYN is what the kernel kept.
func savedSYN(c net.Conn) (syn synfp.SYN, ok bool) {
	onDescriptor(c, func(fd int) { syn, ok = synfp.Saved(fd) })
	return syn, ok
}

// peekSYN notes what the collector has answered by now.
func (s *session) peekSYN(r *record.Record) {
	if s.syn.over() {
		s.waitSYN(r)
	}
}

// waitSYN notes what the collector answers.
func (s *session) waitSYN(r *record.Record) {
	if f := s.syn.wait(); f.Size != 0 {
		s.noteSYN(r, &f)
	}
}

// noteSYN puts a fingerprint and the system's name into a record.
func (s *session) noteSYN(r *record.Record, f *synfp.Fingerprint) {
	r.Set("syn_fingerprint", f.String())
	if system, ok := synfp.Name(f, s.conf.syn.mtu); ok {
		r.Set("syn_os", system.String())
	}
}
