package main

import (
	"crypto/x509"
	"slices"
	"strings"

	"postern/lib/maillog"
	"postern/lib/smtp"
	"postern/lib/tlsconf"
)

// meetCertificate notes what a client's certificate says, in the form of Postfix's
// attributes: the fingerprints of any certificate and, in xtext, the names in one
// that is verified. A verified certificate may let the client relay (mayRelay).
func (s *session) meetCertificate(shown []*x509.Certificate) {
	if len(shown) == 0 {
		return
	}
	c := tlsconf.DescribeClient(shown[0])
	s.rec.Set("ccert_fingerprint", c.Fingerprint)
	s.rec.Set("ccert_pubkey_fingerprint", c.KeyFingerprint)
	if err := s.certs.VerifyClient(shown, s.now()); err != nil {
		s.logf(maillog.Info, "id", s.id, "client_address", s.rec.Value("client_address"),
			"ccert_fingerprint", c.Fingerprint, "error", err.Error())
		return
	}
	s.rec.Set("ccert_subject", smtp.EncodeXtext(c.Subject))
	s.rec.Set("ccert_issuer", smtp.EncodeXtext(c.Issuer))
	if s.conf.tls.mayRelay(c) {
		s.facts.Trusted = true
	}
}

// mayRelay says whether a verified certificate lets its owner relay: any with
// SSL 2, else those that CertRelay names.
func (t *tlsSettings) mayRelay(c tlsconf.ClientCertificate) bool {
	return t.mode == tlsRelay || slices.ContainsFunc(t.relay, func(who string) bool {
		return who != "" && (strings.EqualFold(who, c.Subject) || strings.EqualFold(who, c.Fingerprint) || strings.EqualFold(who, c.KeyFingerprint))
	})
}
