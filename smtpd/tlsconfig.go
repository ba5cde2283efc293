package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"postern/lib/tlsconf"
)

// What SSL may be.
const (
	tlsOff   = 0
	tlsOffer = 1
	tlsRelay = 2 // and whoever has a certificate of our authority may relay
)

// Names of files that are used when they are there, and need not be.
const (
	usualCert = "cert.pem"
	usualKey  = "privkey.pem"
	usualCA   = "cacert.pem"
	usualCRL  = "crl.pem"

	usualTickets = "tickets"
)

// defaultTicketLife is how long a session can be resumed.
const defaultTicketLife = 24 * time.Hour

// tlsSettings are the directives about TLS.
type tlsSettings struct {
	mode       int
	certs      []string
	keys       []string
	ca, caDir  string
	crl        string
	ciphers    string
	suites     []uint16 // of ciphers
	notes      []string // what of ciphers means nothing
	minimum    string   // version
	ask        bool
	require    bool
	depth      int
	relay      []string // client certificates that may relay
	enforce    bool
	tickets    string
	ticketLife time.Duration
	port465    bool // begins with the handshake
	sniff      bool // a client may begin with the handshake on any port but 25

	// Made of the above by complete:
	pairs        []tlsconf.Pair
	clients      *tlsconf.Authorities // nil: client certificates are not verified
	ticketsUsual bool                 // no directive names the file, so that without it no session is resumed
}

func defaultTLS() tlsSettings {
	return tlsSettings{
		mode:       tlsOffer,
		certs:      []string{usualCert},
		keys:       []string{usualKey},
		ca:         usualCA,
		crl:        usualCRL,
		minimum:    "1.2",
		depth:      9,
		tickets:    usualTickets,
		ticketLife: defaultTicketLife,
	}
}

// complete pairs the certificates with their keys and finds all files: those
// of the administrator by below, and what we write ourselves in lib.
func (t *tlsSettings) complete(below func(string) string, lib string) error {
	certs := t.certs
	if len(certs) == 0 {
		certs = t.keys // one file for both, under either name
	}
	if len(t.keys) > len(certs) {
		return errors.New("SSLkey: more keys than certificates in SSLcert")
	}
	t.pairs = nil
	for i, cert := range certs {
		p := tlsconf.Pair{Cert: below(cert)}
		if i < len(t.keys) {
			p.Key = below(t.keys[i])
		}
		t.pairs = append(t.pairs, p)
	}
	t.ticketsUsual = t.tickets == usualTickets
	if t.tickets != "" && !filepath.IsAbs(t.tickets) {
		t.tickets = filepath.Join(lib, t.tickets)
	}
	t.clients = t.authorities(below)
	return nil
}

// server is what the settings make of a server; nil when there is no TLS.
func (t *tlsSettings) server() *tlsconf.ServerCerts {
	if t.mode == tlsOff || len(t.pairs) == 0 {
		return nil
	}
	o := tlsconf.Options{
		Pairs:   t.pairs,
		Ciphers: t.suites,
		Clients: t.clients,
		Ask:     t.ask,
		Require: t.require,
	}
	if t.minimum == "1.3" {
		o.MinVersion = tls.VersionTLS13
	}
	if t.tickets != "" && t.ticketLife > 0 {
		o.Tickets = &tlsconf.TicketKeys{Path: t.tickets, Life: t.ticketLife, Optional: t.ticketsUsual}
	}
	return tlsconf.Server(o)
}

// warnOfRoots names the keys that root, who asks, can read and smtpd cannot,
// which has a user of its own.
func (t *tlsSettings) warnOfRoots(stderr io.Writer) {
	for _, p := range t.pairs {
		name := cmp.Or(p.Key, p.Cert)
		var st syscall.Stat_t
		if syscall.Stat(name, &st) == nil && st.Uid == 0 && st.Mode&0o044 == 0 && t.mode != tlsOff {
			fmt.Fprintf(stderr, "smtpd: key: %s: root alone may read it; smtpd runs as another user (let its group read it)\n", name)
		}
	}
}

// authorities are who vouches for clients.
func (t *tlsSettings) authorities(below func(string) string) *tlsconf.Authorities {
	if t.ca == "" && t.caDir == "" {
		return nil
	}
	return &tlsconf.Authorities{
		File:        below(t.ca),
		Dir:         below(t.caDir),
		CRL:         below(t.crl),
		CRLOptional: t.crl == usualCRL,
		Depth:       t.depth,
	}
}

// trouble is what --check says of the files: nothing as long as nobody wants
// TLS, which is so when no certificate is named and the usual one is not there.
func (t *tlsSettings) trouble(now time.Time) error {
	certs := t.server()
	switch {
	case certs == nil && t.enforce:
		return errors.New("TLSRequired without TLS: no mail can be taken")
	case certs == nil:
		return nil
	case !certs.Present() && !t.enforce && slices.Equal(t.certs, []string{usualCert}):
		return nil
	}
	return certs.Check(now)
}
