// Package tlsconf makes the TLS settings of both sides of an SMTP connection,
// and says in words what a handshake agreed on.
//
// A server shows one certificate, read from PEM files when it is first needed
// and again when they change, so that a renewed certificate is used without a
// restart. A client is opportunistic unless told otherwise: it encrypts with
// whoever answers, for the only alternative in SMTP is the clear (RFC 7435).
package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
)

// MinVersion is the oldest version of TLS spoken by either side (RFC 8996
// withdrew what came before).
const MinVersion = tls.VersionTLS12

// Client is how the client's side wants to be encrypted.
type Client struct {
	ServerName string         // sent to the server (SNI), and verified with Verify
	Verify     bool           // refuse a certificate that does not chain to Roots or names another host
	Roots      *x509.CertPool // nil: the system's
}

// Config returns the settings for one connection.
func (c Client) Config() *tls.Config {
	return &tls.Config{
		ServerName: c.ServerName,
		RootCAs:    c.Roots,
		MinVersion: MinVersion,
		// Without Verify any certificate will do: refusing one would send
		// the message in the clear, which is no safer (RFC 7435 section 3).
		InsecureSkipVerify: !c.Verify,
	}
}
