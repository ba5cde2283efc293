package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"time"
)

// Config returns the settings of one connection. A handshake with them fails
// if the host does not prove what the policy asks; the error then is a
// *ProofError, to be found with errors.As.
func (p Policy) Config() *tls.Config {
	c := &tls.Config{
		ServerName: p.ServerName,
		MinVersion: MinVersion,
		// The library's own check knows one way only. Where nothing is to be
		// proven any certificate will do: refusing one would send the message
		// in the clear, which is no safer (RFC 7435 section 3).
		InsecureSkipVerify: true,
	}
	if p.proves() && !p.Testing {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			if err := p.verify(state.PeerCertificates); err != nil {
				return &ProofError{p.Mode, p.ServerName, err}
			}
			return nil
		}
	}
	return c
}

// proofWords are what records say of each mode after a good handshake.
var proofWords = [...]string{
	None: Unverified, Opportunistic: Unverified, Encrypt: Unverified,
	WebPKI: "webpki", Pinned: "pin", DANE: "dane", STS: "sts",
}

// Unverified is the word for TLS with whoever answered.
const Unverified = "unverified"

// Proven says what a handshake made with Config has proven, in the word that
// stands in records: "dane", "sts", "webpki", "pin", or "unverified" for TLS
// with whoever answered.
func (p Policy) Proven(state tls.ConnectionState) string {
	if p.Testing && p.verify(state.PeerCertificates) != nil {
		return Unverified
	}
	return proofWords[p.Mode]
}

// proves reports whether there is anything for the host to prove.
func (p Policy) proves() bool { return p.Mode >= WebPKI }

// verify holds the certificates that the host showed, its own first, against
// the policy.
func (p Policy) verify(chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errNoChain
	}
	switch p.Mode {
	case WebPKI, STS:
		return p.verifyChain(chain, p.Roots)
	case Pinned:
		return p.Pins.verify(chain[0], p.ServerName)
	case DANE:
		return p.verifyTLSA(chain)
	}
	return nil
}

// verifyChain decides whether one of the roots vouches for the host under one
// of the policy's names; nil are the system's roots.
func (p Policy) verifyChain(chain []*x509.Certificate, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	now := time.Now
	if p.Now != nil {
		now = p.Now
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now()})
	if err != nil {
		return err
	}
	return hasName(chain[0], p.Names)
}

// hasName reports whether the certificate is for one of the names; the error
// is about the first.
func hasName(c *x509.Certificate, names []string) error {
	var first error = x509.HostnameError{Certificate: c}
	for i, name := range names {
		err := c.VerifyHostname(name)
		if err == nil {
			return nil
		}
		if i == 0 {
			first = err
		}
	}
	return first
}
