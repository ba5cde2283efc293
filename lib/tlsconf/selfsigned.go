package tlsconf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"time"
)

// selfSignedLife is how long a self-made certificate is good for.
const selfSignedLife = 90 * 24 * time.Hour

// SelfSigned makes a certificate (ECDSA P-256) for the names, each a domain or
// an IP address, signed by its own key and good for 90 days from an hour
// before now. Both come in PEM; write the key with mode 0600.
func SelfSigned(now time.Time, names ...string) (certPEM, keyPEM []byte, err error) {
	if len(names) == 0 {
		return nil, nil, errors.New("self-signed certificate: no name to put in it")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("self-signed certificate: %w", err)
	}
	template := selfSignedTemplate(now, names)
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("self-signed certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("self-signed certificate: %w", err)
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	return certPEM, keyPEM, nil
}

// selfSignedTemplate is the certificate before it is signed. It is its own
// authority, so that a client given it as a root verifies it.
func selfSignedTemplate(now time.Time, names []string) *x509.Certificate {
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName(names[0])},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(selfSignedLife),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, name)
		}
	}
	return t
}

// commonName is name, or nothing when it is longer than a common name may be
// (RFC 5280 appendix A.1, ub-common-name); the alternative names have it all.
func commonName(name string) string {
	if len(name) > 64 {
		return ""
	}
	return name
}
