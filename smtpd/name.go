package main

import (
	"context"
	"net/netip"

	"postern/lib/dns"
	"postern/lib/record"
)

// A lookup asks for a client's name while the dialogue goes on.
type lookup struct {
	done          chan struct{}
	cancel        context.CancelFunc
	name, reverse string
	err           error
}

// lookUpName begins to ask for the name of a client. Of our own host nothing
// is asked: it needs no DNS to be known.
func (srv *server) lookUpName(a netip.Addr) *lookup {
	if !srv.conf.wantsName() || !a.IsValid() {
		return nil
	}
	l := &lookup{done: make(chan struct{})}
	if a.IsLoopback() {
		l.name, l.reverse = "localhost", "localhost"
		close(l.done)
		return l
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	l.cancel = cancel
	go func() {
		defer close(l.done)
		l.name, l.reverse, l.err = dns.ClientName(ctx, srv.conf.dns, a)
	}()
	return l
}

// wait returns the confirmed name, "" if there is none, and puts what was
// found into the record. It waits as long as the look-up's time limit.
func (l *lookup) wait(r *record.Record) string {
	if l == nil {
		return ""
	}
	<-l.done
	l.note(r)
	return l.name
}

// confirmed waits for the confirmed name, "" when there is none.
func (l *lookup) confirmed() string {
	if l == nil {
		return ""
	}
	<-l.done
	return l.name
}

// iprev waits for the result of looking at the name as Authentication-Results
// has it (RFC 8601 2.7.3), "" when it was not looked up.
func (l *lookup) iprev() string {
	if l == nil {
		return ""
	}
	<-l.done
	switch {
	case l.name != "":
		return "pass"
	case l.err != nil:
		return "temperror"
	case l.reverse != "":
		return "fail"
	}
	return "permerror"
}

// peek notes the name if it is known by now.
func (l *lookup) peek(r *record.Record) {
	if l == nil {
		return
	}
	select {
	case <-l.done:
		l.note(r)
	default:
	}
}

func (l *lookup) note(r *record.Record) {
	if l.err != nil {
		r.Set("client_dns_error", l.err.Error())
	}
	r.Set("client_name", orUnknown(l.name))
	r.Set("reverse_client_name", orUnknown(l.reverse))
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
	if l != nil && l.cancel != nil {
		l.cancel()
	}
}
