// Package tlsconf makes the TLS settings of both sides of an SMTP connection,
// and says in words what a handshake agreed on.
//
// A server shows one certificate, read from PEM files when it is first needed
// and again when they change, so that a renewed certificate is used without a
// restart.
//
// A client has a Policy. Where it asks for nothing, the client encrypts with
// whoever answers, for the only alternative in SMTP is the clear (RFC 7435).
package tlsconf

import "crypto/tls"

// MinVersion is the oldest version of TLS spoken by either side (RFC 8996
// withdrew what came before).
const MinVersion = tls.VersionTLS12
