package tlsconf

import (
	"crypto/x509"
	"time"
)

// Mode is how much is asked of a server's TLS.
type Mode int

// The modes, from nothing up. The words of String are those of records and
// configuration files.
const (
	None          Mode = iota // "none": TLS is not begun
	Opportunistic             // "may": with anybody, and in the clear where there is none (RFC 7435)
	Encrypt                   // "encrypt": with anybody, and never in the clear
	WebPKI                    // "verify": an authority vouches for one of Names
	Pinned                    // "pin": the certificate or its key is in Pins
	DANE                      // "dane": a TLSA record tells the certificate (RFC 7672)
	STS                       // "sts": as WebPKI, since the domain says so by MTA-STS (RFC 8461)
)

// modeWords are the modes' words, in their order.
var modeWords = [...]string{"none", "may", "encrypt", "verify", "pin", "dane", "sts"}

// String returns the mode's word.
func (m Mode) String() string { return modeWords[m] }

// Policy is what a client asks of TLS with one host. The zero Policy wants
// none, and if there is some all the same, it is with whoever answers.
type Policy struct {
	Mode       Mode
	ServerName string         // asked for by SNI; of DANE the TLSA base domain (RFC 7672 8.1)
	Names      []string       // of which the certificate must have one: WebPKI, STS, and DANE's usage 2
	Roots      *x509.CertPool // authorities of WebPKI and STS; nil for the system's
	Pins       *Pins          // of Pinned
	TLSA       []TLSA         // of DANE
	// Testing has STS refuse nobody (RFC 8461 section 5, mode testing).
	Testing bool
	// Now is the clock that certificates are held against; nil for time.Now.
	Now func() time.Time
}

// Clear reports whether the message may go in the clear when the host offers
// no TLS, or when the handshake failed: only where neither DANE nor MTA-STS
// nor the operator asks for TLS.
func (p Policy) Clear() bool {
	return p.Mode <= Opportunistic || p.Mode == STS && p.Testing
}

// ProofError is a host that did not prove what its policy asks.
type ProofError struct {
	Mode Mode
	Host string // whom we asked for
	Err  error  // what is wrong with its certificates
}

// Error returns as "mx.example: not proven by dane: ...".
func (e *ProofError) Error() string {
	return e.Host + ": not proven by " + e.Mode.String() + ": " + e.Err.Error()
}

// Unwrap returns what is wrong with the certificates.
func (e *ProofError) Unwrap() error { return e.Err }
