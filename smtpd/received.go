package main

import (
	"postern/lib/client"
	"postern/lib/conf"
	"postern/lib/header"
	"postern/lib/smtp"
)

// receivedRows say what our Received field tells beyond what it must.
var receivedRows = []conf.Row[wire]{
	{Name: "rcvd-tls-mode", Synonyms: []string{"!no-rcvd-tls-mode"}, Args: "[0|1]", Default: "1",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.tlsInReceived) },
		Old:   conf.Old{ZMailer: "0"},
		Help:  "Say in Received which cipher was used."},
	{Name: "rcvd-tls-peer", Synonyms: []string{"!no-rcvd-tls-peer"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.peerInReceived) },
		Help:  "Say in Received whose certificate the client has."},
	{Name: "rcvd-ident", Synonyms: []string{"!no-rcvd-ident"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.identInReceived) },
		Help:  "Say in Received what the client's identd said, when IdentTimeout has it asked."},
	{Name: "rcvd-auth-user", Synonyms: []string{"!no-rcvd-auth-user"}, Args: "[0|1]", Default: "0",
		Value: func(w *wire) conf.Value { return conf.Bool(&w.authInReceived) },
		Old:   conf.Old{Avenger: "1"},
		Help:  "Say in Received as whom the client has authenticated."},
}

// received is our trace field (RFC 5321 4.4).
func (s *session) received() header.Received {
	r := header.Received{
		Helo: s.facts.Helo,
		Name: s.name.wait(&s.rec),
		Addr: s.peer.client.Addr(),
		By:   s.conf.mail.Hostname,
		With: s.protocol(),
		ID:   s.tx.env.ID,
		Date: s.now(),
	}
	s.identify(&r)
	if s.tls != nil && s.conf.wire.tlsInReceived {
		r.TLS = s.rec.Value("encryption_protocol") + " " + s.rec.Value("encryption_cipher")
	}
	if len(s.tx.env.Recipients) == 1 {
		r.For = client.ALabels(s.tx.env.Recipients[0].Mailbox).String() // a field in UTF-8 would need SMTPUTF8 at each hop
	}
	return r
}

// identify says in Received who the client is, as far as that is wanted.
func (s *session) identify(r *header.Received) {
	w := &s.conf.wire
	switch {
	case s.peer.submits:
		r.Ident = s.rec.Value("client_ident")
	case w.identInReceived && s.ident != nil:
		r.Ident = s.ident.wait(&s.rec)
	}
	if w.authInReceived {
		r.Auth = s.rec.Value("sasl_username")
	}
	if w.peerInReceived {
		r.Peer, _ = smtp.DecodeXtext(s.rec.Value("ccert_subject"))
	}
}
