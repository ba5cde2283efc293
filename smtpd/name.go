package main

import (
	"context"
	"net/netip"

	"postern/lib/dns"
	"postern/lib/record"
)

// clientName is what DNS says about a client's name.
type clientName struct {
	name    string // confirmed by an address record, "" if it is not
	reverse string // claimed by the PTR record
	err     error
}

// A lookup asks DNS for a client's name while the dialogue goes on. A nil lookup,
// when the name is not wanted, has found nothing.
type lookup struct{ *inquiry[clientName] }

// lookUpName begins to ask for the name of a client. Of our own host nothing
// is asked: it needs no DNS to be known.
func (srv *server) lookUpName(a netip.Addr) *lookup {
	if !srv.conf.wantsName() || !a.IsValid() {
		return nil
	}
	if a.IsLoopback() {
		return &lookup{found(clientName{name: "localhost", reverse: "localhost"})}
	}
	return &lookup{inquire(srv, "client-name", resolveTimeout, func(ctx context.Context) (n clientName) {
		n.name, n.reverse, n.err = dns.ClientName(ctx, srv.conf.dns, a)
		return n
	})}
}

// findName begins to ask for the client's name, once in a session.
func (s *session) findName() {
	if s.name == nil {
		s.name = s.lookUpName(s.peer.client.Addr())
	}
}

// wait returns the confirmed name, "" if there is none, and puts what was
// found into the record. It waits as long as the look-up's time limit.
func (l *lookup) wait(r *record.Record) string {
	if l == nil {
		return ""
	}
	l.inquiry.wait()
	l.note(r)
	return l.found.name
}

// confirmed waits for the confirmed name, "" when there is none.
func (l *lookup) confirmed() string {
	if l == nil {
		return ""
	}
	return l.inquiry.wait().name
}

// iprev waits for the result of looking at the name as Authentication-Results
// has it (RFC 8601 2.7.3), "" when it was not looked up.
func (l *lookup) iprev() string {
	if l == nil {
		return ""
	}
	switch n := l.inquiry.wait(); {
	case n.name != "":
		return "pass"
	case n.err != nil:
		return "temperror"
	case n.reverse != "":
		return "fail"
	}
	return "permerror"
}

// peek notes the name if it is known by now.
func (l *lookup) peek(r *record.Record) {
	if l != nil && l.over() {
		l.note(r)
	}
}

func (l *lookup) note(r *record.Record) {
	n := &l.found
	if n.err != nil {
		r.Set("client_dns_error", n.err.Error())
	}
	r.Set("client_name", orUnknown(n.name))
	r.Set("reverse_client_name", orUnknown(n.reverse))
}

// orUnknown is Postfix's word for a name that is not known.
func orUnknown(name string) string {
	if name == "" {
		return "unknown"
	}
	return name
}

// stop ends a look-up that nobody waits for any more.
func (l *lookup) stop() {
	if l != nil {
		l.inquiry.stop()
	}
}

// nameError waits for the look-up of the client's name, and is why it had no
// result.
func (s *session) nameError() error {
	if s.name == nil {
		return nil
	}
	s.name.wait(&s.rec)
	return s.name.found.err
}
