package main

import (
	"context"

	"postern/lib/maillog"
	"postern/lib/rbl"
	"postern/lib/record"
	"postern/lib/smtp"
	"postern/lib/spf"
)

// Evidence is what others say about a client and its sender: DNS, block lists,
// SPF, the client's host, the way to it. It is asked for as soon as there is
// something to ask about, while the dialogue goes on, and waited for where it is
// needed: at RCPT what decides, at DATA what is only written down. Nothing is
// asked that no directive wants.

// inquireClient begins to ask about the client.
func (s *session) inquireClient() {
	s.findName()
	if s.name != nil {
		s.facts.Name = s.name.confirmed
	}
	if s.conf.wire.dnsFail < "2" {
		s.facts.NameError = s.nameError
	}
	s.lists = s.askListsOfClient()
	s.path = s.lookForPath()
	s.ident = s.askIdent(s.peer)
}

// stopInquiries ends what is still being asked about the client.
func (s *session) stopInquiries() {
	s.name.stop()
	s.lists.stop()
	s.syn.stop()
	s.path.stop()
	s.ident.stop()
}

// fromOutside says whether the client is a stranger, about whom evidence is
// wanted: not trusted, not logged in, and not on this host.
func (s *session) fromOutside() bool {
	return s.peer.known() && !s.facts.Trusted && s.login.user == "" && !s.onThisHost()
}

// asksLists says whether there is a list of this kind.
func (o *origin) asksLists(by rbl.By) bool {
	for i := range o.lists {
		if o.lists[i].By&by != 0 {
			return true
		}
	}
	return false
}

// askListsOfClient begins to ask the lists about the client: about its address
// at once, about its name when that is known.
func (s *session) askListsOfClient() *inquiry[rbl.Result] {
	o := &s.conf.origin
	if !o.asksLists(rbl.ByAddress|rbl.ByName) || !s.fromOutside() {
		return nil
	}
	r, addr, name := s.conf.dns, s.peer.client.Addr(), s.name
	return inquire(s.server, "rbl", o.limit, func(ctx context.Context) rbl.Result {
		var byName rbl.Result
		done := make(chan struct{})
		go func() {
			defer close(done)
			if o.asksLists(rbl.ByName) && name.confirmed() != "" {
				byName = rbl.Check(ctx, r, o.lists, rbl.Client{Name: name.confirmed()})
			}
		}()
		res := rbl.Check(ctx, r, o.lists, rbl.Client{Addr: addr})
		<-done
		res.Add(byName)
		return res
	})
}

// askListsOfSender begins to ask the lists about the sender's domain.
func (s *session) askListsOfSender(sender smtp.Mailbox) *inquiry[rbl.Result] {
	o := &s.conf.origin
	if sender.Domain == "" || !o.asksLists(rbl.BySender) {
		return nil
	}
	r := s.conf.dns
	return inquire(s.server, "rbl", o.limit, func(ctx context.Context) rbl.Result {
		return rbl.Check(ctx, r, o.lists, rbl.Client{Sender: sender.Domain})
	})
}

// askSPF begins to ask whether the client may send for the sender's domain.
func (s *session) askSPF(sender smtp.Mailbox) *inquiry[spf.Result] {
	o := &s.conf.origin
	if o.spf == "0" {
		return nil
	}
	addr, helo, text := s.peer.client.Addr(), s.facts.Helo, sender.String()
	checker := spf.Checker{Resolver: s.conf.dns, Receiver: s.conf.mail.Hostname, Limit: o.rules.Timeout()}
	return inquire(s.server, "spf", checker.Limit, func(ctx context.Context) spf.Result {
		var err error
		if checker.Rules, err = o.rules.Rules(s.conf.etcDir); err != nil {
			s.complain(maillog.Warning, "spf", err)
		}
		return checker.Check(ctx, addr, text, helo)
	})
}

// gather begins to ask about the sender of a transaction, and forgets what was
// found out about the one before.
func (s *session) gather(sender smtp.Mailbox) {
	s.facts.SPF, s.facts.Lists = nil, nil
	for _, names := range [][]string{spf.Attributes(), rbl.Attributes()} {
		for _, name := range names {
			s.rec.Delete(name)
		}
	}
	if !s.fromOutside() {
		return
	}
	if s.tx.spf = s.askSPF(sender); s.tx.spf != nil {
		s.facts.SPF = s.tx.spf.wait
	}
	if s.tx.lists = s.askListsOfSender(sender); s.lists != nil || s.tx.lists != nil {
		s.facts.Lists = s.listed
	}
}

// listed waits for what the lists say of the client and the sender.
func (s *session) listed() (all rbl.Result) {
	all.Add(s.lists.wait())
	all.Add(s.tx.lists.wait())
	return all
}

// noteEvidence puts what is known by now into a record, though the check for
// which it was asked has not been reached.
func (s *session) noteEvidence(r *record.Record) {
	s.name.peek(r)
	s.ident.peek(r)
	s.peekSYN(r)
	s.peekPath(r)
	if s.facts.SPF != nil && s.tx != nil && s.tx.spf.over() {
		res := s.facts.SPF()
		res.Record(r)
	}
	if _, noted := r.Lookup("rbl_score"); !noted && s.facts.Lists != nil && s.tx != nil && s.lists.over() && s.tx.lists.over() {
		res := s.facts.Lists()
		res.Record(r)
	}
}
