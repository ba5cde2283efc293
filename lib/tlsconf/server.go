package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Options say what a server shows to its clients, and what it wants to see.
type Options struct {
	// Pairs are the certificates. The one is shown that has the name which
	// the client asks for (SNI) and a kind of key that it understands; the
	// first one when there is none such.
	Pairs      []Pair
	MinVersion uint16   // 0 for MinVersion of this package
	Ciphers    []uint16 // of TLS 1.2, see ParseCiphers; nil for the library's choice

	Tickets *TicketKeys // for resuming sessions; nil: none is resumed

	Clients *Authorities // who vouches for clients; nil for nobody
	// Ask asks clients for a certificate even when there is nobody to vouch
	// for it; its fingerprint can be known all the same.
	Ask bool
	// Require ends the handshake with a client whose certificate Clients do
	// not verify, or that has none.
	Require bool
}

// ServerCerts is a server's certificates and the settings made from them.
// Nothing is read before the first Config. It may be used by many goroutines.
type ServerCerts struct {
	options Options

	mu     sync.Mutex
	shown  []tls.Certificate
	stamps []stamp // of the files, when shown was read from them
}

// Server returns the server that o describes; nothing of it is read yet.
func Server(o Options) *ServerCerts { return &ServerCerts{options: o} }

// Config returns the settings for the server's side of one handshake. Files
// are read the first time, and again when one of them was changed or replaced;
// while new certificates cannot be used (half of one written, say) the last
// good ones go on being shown, with no error.
//
// An error without settings says why there can be no TLS. With settings it
// says what of the options is missing from them.
func (s *ServerCerts) Config(now time.Time) (*tls.Config, error) {
	shown, errShown := s.certificates()
	if len(shown) == 0 {
		return nil, errShown
	}
	config := &tls.Config{
		Certificates:           shown,
		MinVersion:             max(s.options.MinVersion, MinVersion),
		CipherSuites:           s.options.Ciphers,
		SessionTicketsDisabled: true,
	}
	errTickets := s.setTickets(config, now)
	if err := s.setClients(config, now); err != nil {
		return nil, err
	}
	return config, errors.Join(errShown, errTickets)
}

// setTickets has sessions resumed by the keys of the ticket file.
func (s *ServerCerts) setTickets(config *tls.Config, now time.Time) error {
	if s.options.Tickets == nil {
		return nil
	}
	keys, err := s.options.Tickets.Load(now)
	if len(keys) > 0 {
		config.SessionTicketsDisabled = false
		config.SetSessionTicketKeys(keys)
	}
	return err
}

// setClients has clients asked for their certificates. Without Require, what
// is thought of them is not the handshake's business: a mailer that has a
// certificate of somebody else's is a stranger, and no worse.
func (s *ServerCerts) setClients(config *tls.Config, now time.Time) error {
	clients := s.options.Clients
	if !s.options.Ask && !s.options.Require && !clients.Present() {
		return nil
	}
	config.ClientAuth = tls.RequestClientCert
	trust, err := clients.load()
	if err == nil {
		config.ClientCAs = trust.roots // tells the client which one to show
	}
	if !s.options.Require {
		return nil // Verify says it again to whom it matters
	}
	config.ClientAuth = tls.RequireAnyClientCert
	config.VerifyConnection = func(state tls.ConnectionState) error {
		return clients.Verify(state.PeerCertificates, now)
	}
	return err
}

// certificates are those to show: of the files as they are now, or the last
// good ones.
func (s *ServerCerts) certificates() ([]tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stamps := s.look()
	if s.shown != nil && sameStamps(stamps, s.stamps) {
		return s.shown, nil
	}
	shown, err := s.load()
	switch {
	case err == nil:
		s.shown, s.stamps = shown, stamps
	case s.shown != nil:
		return s.shown, nil
	}
	return shown, err
}

// look takes the stamps of all files of certificates and keys.
func (s *ServerCerts) look() []stamp {
	stamps := make([]stamp, 0, 2*len(s.options.Pairs))
	for _, p := range s.options.Pairs {
		stamps = append(stamps, stampOf(p.Cert))
		if p.separate() {
			stamps = append(stamps, stampOf(p.Key))
		}
	}
	return stamps
}

// load reads the pairs. Those that cannot be used are missing from the result
// and named by the error.
func (s *ServerCerts) load() (shown []tls.Certificate, err error) {
	if len(s.options.Pairs) == 0 {
		return nil, errors.New("no certificate is configured")
	}
	var errs []error
	for _, p := range s.options.Pairs {
		c, err := p.load()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		shown = append(shown, c)
	}
	return shown, errors.Join(errs...)
}

// VerifyClient is Verify of the authorities.
func (s *ServerCerts) VerifyClient(shown []*x509.Certificate, now time.Time) error {
	return s.options.Clients.Verify(shown, now)
}

// Present reports whether the files of the first pair are there, without
// reading them: enough to offer STARTTLS, at the price of a look.
func (s *ServerCerts) Present() bool {
	if len(s.options.Pairs) == 0 {
		return false
	}
	p := s.options.Pairs[0]
	_, err := os.Stat(p.Cert)
	if err == nil && p.separate() {
		_, err = os.Stat(p.Key)
	}
	return err == nil
}

// Check reads certificates, authorities and revocation lists now and says all
// that is wrong with them: unreadable, not a pair, or out of their time. A
// certificate whose time is over or has not come is of class *TimeError;
// Config accepts it, since a client that does not verify does not mind.
func (s *ServerCerts) Check(now time.Time) error {
	shown, err := s.load()
	errs := []error{err}
	for _, c := range shown {
		if now.Before(c.Leaf.NotBefore) || now.After(c.Leaf.NotAfter) {
			errs = append(errs, &TimeError{Certificate: c.Leaf})
		}
	}
	if s.options.Require || s.options.Clients.Present() {
		errs = append(errs, s.options.Clients.Check(now))
	}
	return errors.Join(errs...)
}

// TimeError is a certificate outside its time.
type TimeError struct {
	Certificate *x509.Certificate
}

// Error gives both ends of the certificate's time, in UTC.
func (e *TimeError) Error() string {
	return fmt.Sprintf("certificate of %s: valid only from %s to %s", e.Certificate.Subject,
		e.Certificate.NotBefore.UTC().Format(time.DateTime), e.Certificate.NotAfter.UTC().Format(time.DateTime))
}
