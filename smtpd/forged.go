package main

import (
	"strings"

	"postern/lib/dns"
	"postern/lib/header"
	"postern/lib/smtp"
)

// A forgeryTag looks at a stranger's message for senders that claim one of our
// domains (-f). It puts an X-warning field behind the head for each such claim,
// and takes out the X-warning fields of this form that the message came with.
type forgeryTag struct {
	ours func(domain string) bool

	envelope, sender, from bool // the envelope sender, Sender or From is suspect
	otherSender            bool // there is a Sender that is not suspect
}

// tag makes a draft one that is tagged, unless the client may claim what it
// likes.
func (s *session) tag(d draft, sender smtp.Mailbox) draft {
	if !s.conf.guard.tagForged || s.facts.Trusted || s.login.user != "" || s.onThisHost() {
		return d
	}
	own, helo := s.ownNames(), s.facts.Helo
	t := &forgeryTag{ours: func(domain string) bool {
		if domain == "" { // an address without a domain is one of the client's own
			domain = helo
		}
		return dns.MatchDomains(own, domain)
	}}
	t.envelope = !sender.IsZero() && t.ours(sender.Domain)
	f := filterDraft(d, t.edit)
	f.filter.Tail = t.warnings
	return f
}

// onThisHost says whether the client runs on this host: its address is a
// loopback address, or our own.
func (s *session) onThisHost() bool {
	a := s.facts.Client
	return a.IsLoopback() || a.IsValid() && a == s.facts.Server
}

// edit notes what the originator fields claim, and drops the warnings that the
// message came with.
func (t *forgeryTag) edit(f header.Field) ([]byte, error) {
	switch {
	case f.Is("X-warning") && strings.HasPrefix(f.Body(), "suspect "):
		return nil, nil
	case f.Is("Sender"):
		suspect := t.suspects(f)
		t.sender, t.otherSender = t.sender || suspect, t.otherSender || !suspect
	case f.Is("From"):
		t.from = t.from || t.suspects(f)
	}
	return f.Text, nil
}

// suspects says whether an address in a field claims one of our domains. Of a
// field that is cut not all addresses are known, so it is suspect.
func (t *forgeryTag) suspects(f header.Field) bool {
	if f.Cut() {
		return true
	}
	for _, domain := range header.Domains(f.Body()) {
		if t.ours(domain) {
			return true
		}
	}
	return false
}

// warnings are the fields for what is suspect. A mailing list sends our own
// users' mail back to us and names itself in Sender: then From is no forgery.
func (t *forgeryTag) warnings() (b []byte) {
	warn := func(suspect bool, what string) {
		if suspect {
			b = append(b, "X-warning: suspect "+what+" domain\n"...)
		}
	}
	warn(t.envelope, "envelope")
	warn(t.sender, "Sender:")
	warn(t.from && !t.otherSender, "From:")
	return b
}
