package tlsconf

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The values of TLSA records that mean something here (RFC 6698 2.1, RFC 7218).
const (
	UsageTA = 2 // DANE-TA: an authority, in or behind the chain that is shown
	UsageEE = 3 // DANE-EE: the host's own

	SelectorCert = 0 // the certificate
	SelectorKey  = 1 // its SubjectPublicKeyInfo

	MatchFull   = 0
	MatchSHA256 = 1
	MatchSHA512 = 2
)

// TLSA is a record that tells the certificate of a server (RFC 6698 2.1).
type TLSA struct {
	Usage    uint8
	Selector uint8
	Matching uint8
	Data     []byte // to compare with
}

// ParseTLSA reads a record's data in the form of zone files: "3 1 1 5BA1...".
func ParseTLSA(data string) (TLSA, error) {
	words := strings.Fields(data)
	if len(words) < 4 {
		return TLSA{}, fmt.Errorf("%.60q is not the data of a TLSA record", data)
	}
	var n [3]uint8
	for i := range n {
		v, err := strconv.ParseUint(words[i], 10, 8)
		if err != nil {
			return TLSA{}, fmt.Errorf("%.60q is not the data of a TLSA record", data)
		}
		n[i] = uint8(v)
	}
	association, err := hex.DecodeString(strings.Join(words[3:], ""))
	if err != nil {
		return TLSA{}, fmt.Errorf("the data of a TLSA record: %w", err)
	}
	return TLSA{n[0], n[1], n[2], association}, nil
}

// String returns the record's data in the form of zone files.
func (t TLSA) String() string {
	return fmt.Sprintf("%d %d %d %X", t.Usage, t.Selector, t.Matching, t.Data)
}

// Usable reports whether SMTP can use the record (RFC 7672 3.1): its usage is
// DANE-TA or DANE-EE, selector and matching type are known, and its data can
// be what they say.
func (t TLSA) Usable() bool {
	if t.Usage != UsageTA && t.Usage != UsageEE || t.Selector > SelectorKey {
		return false
	}
	switch t.Matching {
	case MatchFull:
		return t.wellFormed()
	case MatchSHA256:
		return len(t.Data) == sha256.Size
	case MatchSHA512:
		return len(t.Data) == sha512.Size
	}
	return false
}

// wellFormed reports whether the whole of a certificate or key can be read.
func (t TLSA) wellFormed() bool {
	if t.Selector == SelectorKey {
		_, err := x509.ParsePKIXPublicKey(t.Data)
		return err == nil
	}
	_, err := x509.ParseCertificate(t.Data)
	return err == nil
}

// matches reports whether the record tells the certificate.
func (t TLSA) matches(c *x509.Certificate) bool {
	selected := c.Raw
	if t.Selector == SelectorKey {
		selected = c.RawSubjectPublicKeyInfo
	}
	switch t.Matching {
	case MatchFull:
		return bytes.Equal(t.Data, selected)
	case MatchSHA256:
		sum := sha256.Sum256(selected)
		return bytes.Equal(t.Data, sum[:])
	case MatchSHA512:
		sum := sha512.Sum512(selected)
		return bytes.Equal(t.Data, sum[:])
	}
	return false
}

var (
	errNoChain   = errors.New("it showed no certificate")
	errNoneTells = errors.New("no TLSA record tells its certificate")
)

// verifyTLSA holds what the host showed against the records: it is enough that
// one of them is right.
func (p Policy) verifyTLSA(chain []*x509.Certificate) error {
	records := strongest(p.TLSA)
	for _, t := range records {
		// The record binds the key to the name: neither what names the
		// certificate has nor its time counts (RFC 7672 3.1.1).
		if t.Usage == UsageEE && t.matches(chain[0]) {
			return nil
		}
	}
	anchors := x509.NewCertPool()
	found := false
	for _, t := range records {
		for _, c := range t.anchors(chain[1:]) {
			anchors.AddCert(c)
			found = true
		}
	}
	if !found {
		return errNoneTells
	}
	return p.verifyChain(chain, anchors)
}

// anchors returns the authorities that a record tells: those in the chain that
// it matches, and the one that it holds itself, which need not be shown
// (RFC 7671 5.2.2).
func (t TLSA) anchors(chain []*x509.Certificate) []*x509.Certificate {
	if t.Usage != UsageTA {
		return nil
	}
	var list []*x509.Certificate
	for _, c := range chain {
		if t.matches(c) {
			list = append(list, c)
		}
	}
	if t.Selector == SelectorCert && t.Matching == MatchFull {
		if c, err := x509.ParseCertificate(t.Data); err == nil {
			list = append(list, c)
		}
	}
	return list
}

// strongest leaves out the unusable records, and the SHA-256 of those that
// come with a SHA-512 of the same usage and selector too (RFC 7671 section 9).
func strongest(records []TLSA) []TLSA {
	var list []TLSA
	for _, t := range records {
		better := func(o TLSA) bool {
			return t.Matching == MatchSHA256 && o.Matching == MatchSHA512 &&
				o.Usage == t.Usage && o.Selector == t.Selector && o.Usable()
		}
		if t.Usable() && !slices.ContainsFunc(records, better) {
			list = append(list, t)
		}
	}
	return list
}
