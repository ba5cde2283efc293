package tlsconf

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
)

// ClientCertificate is a client's certificate in the words of Postfix's
// attributes ccert_*.
type ClientCertificate struct {
	Subject        string // the common name
	Issuer         string // the issuer's common name, else its organization
	Fingerprint    string // SHA-256 of the certificate, "AB:CD:..."
	KeyFingerprint string // SHA-256 of its public key (SubjectPublicKeyInfo)
}

// DescribeClient puts a client's certificate into words. Those of Subject and
// Issuer are as the certificate has them, and mean something only when it was
// verified.
func DescribeClient(c *x509.Certificate) ClientCertificate {
	d := ClientCertificate{
		Subject:        c.Subject.CommonName,
		Issuer:         c.Issuer.CommonName,
		Fingerprint:    fingerprint(c.Raw),
		KeyFingerprint: fingerprint(c.RawSubjectPublicKeyInfo),
	}
	if d.Issuer == "" && len(c.Issuer.Organization) > 0 {
		d.Issuer = c.Issuer.Organization[0]
	}
	return d
}

// fingerprint is the SHA-256 of der as Postfix and openssl write it.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}
