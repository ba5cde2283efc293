package main

import (
	"context"
	"strings"

	"postern/lib/dns"
	"postern/lib/header"
	"postern/lib/smtp"
)

// taggedDraft is a message of a stranger (-f): X-warning fields in it say
// where it claims to be from one of our domains, and those that it came with
// are gone.
type taggedDraft struct {
	draft
	filter *header.Filter
	ours   func(domain string) bool

	envelope, sender, from bool // suspect
	clean                  bool // a Sender that is not
}

// tag makes a draft a tagged one, unless the client may claim what it likes.
func (s *session) tag(d draft, sender smtp.Mailbox) draft {
	if !s.conf.guard.tagForged || s.facts.Trusted || s.login.user != "" || s.onThisHost() {
		return d
	}
	own, helo := s.ownNames(), s.facts.Helo
	t := &taggedDraft{draft: d, ours: func(domain string) bool {
		if domain == "" { // whose it is, is to be guessed from HELO
			domain = helo
		}
		return dns.MatchDomains(own, domain)
	}}
	t.envelope = !sender.IsZero() && t.ours(sender.Domain)
	t.filter = header.NewFilter(d, t.edit)
	t.filter.Tail = t.warnings
	return t
}

// onThisHost says whether the client is.
func (s *session) onThisHost() bool {
	a := s.facts.Client
	return a.IsLoopback() || a.IsValid() && a == s.facts.Server
}

func (t *taggedDraft) Write(p []byte) (int, error) { return t.filter.Write(p) }

func (t *taggedDraft) Commit(ctx context.Context) (string, error) {
	if err := t.filter.Close(); err != nil {
		return "", err
	}
	return t.draft.Commit(ctx)
}

// edit takes note of originators, and drops warnings of others.
func (t *taggedDraft) edit(f header.Field) ([]byte, error) {
	switch {
	case f.Is("X-warning") && strings.HasPrefix(f.Body(), "suspect "):
		return nil, nil
	case f.Is("Sender"):
		suspect := t.suspects(f)
		t.sender, t.clean = t.sender || suspect, t.clean || !suspect
	case f.Is("From"):
		t.from = t.from || t.suspects(f)
	}
	return f.Text, nil
}

// suspects says whether an address in a field claims to be ours, or may in what
// is not seen of a long one.
func (t *taggedDraft) suspects(f header.Field) bool {
	if len(f.Text) > header.MaxField {
		return true
	}
	for _, domain := range header.Domains(f.Body()) {
		if t.ours(domain) {
			return true
		}
	}
	return false
}

// warnings are the fields for what is suspect. A list sends mail of our users
// back to us, and says so by a Sender of its own: then From means nothing.
func (t *taggedDraft) warnings() (b []byte) {
	warn := func(suspect bool, what string) {
		if suspect {
			b = append(b, "X-warning: suspect "+what+" domain\n"...)
		}
	}
	warn(t.envelope, "envelope")
	warn(t.sender, "Sender:")
	warn(t.from && !t.clean, "From:")
	return b
}
