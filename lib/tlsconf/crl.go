package tlsconf

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// readLists reads the revocation lists. obey is false when there are none to
// be obeyed.
func (a *Authorities) readLists() (lists []*x509.RevocationList, obey bool, err error) {
	if a.CRL == "" {
		return nil, false, nil
	}
	data, err := readPEM("revocation list", a.CRL, maxCRL)
	switch {
	case a.CRLOptional && errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, true, err
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "X509 CRL" {
			continue
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil && versionOne(block.Bytes) {
			err = errors.New("version 1; have your authority make version 2 (RFC 5280 5.1.2.1), which openssl does when crlnumber is set")
		}
		if err != nil {
			return nil, true, fmt.Errorf("revocation list: %s: %w", a.CRL, err)
		}
		lists = append(lists, list)
	}
	if len(lists) == 0 {
		return nil, true, fmt.Errorf("revocation list: no X509 CRL in %s", a.CRL)
	}
	return lists, true, nil
}

// versionOne says whether a list is of the version before numbers and other
// extensions, which begins with an algorithm, not with its version.
func versionOne(der []byte) bool {
	var v asn1.RawValue
	for range 3 { // the list, what of it is signed, the first part of that
		if _, err := asn1.Unmarshal(der, &v); err != nil {
			return false
		}
		der = v.Bytes
	}
	return v.Tag == asn1.TagSequence
}

// revoked says why something in a verified chain is not to be believed, or
// nil. The authority at its end is believed because it was named, and no list
// could be.
func (t *trust) revoked(chain []*x509.Certificate, now time.Time) error {
	if !t.crl {
		return nil
	}
	for i, c := range chain[:len(chain)-1] {
		list := t.listOf(chain[i+1])
		if list == nil {
			return fmt.Errorf("client certificate: no revocation list of %s", chain[i+1].Subject)
		}
		if err := usable(list, now); err != nil {
			return err
		}
		for _, entry := range list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(c.SerialNumber) == 0 {
				return fmt.Errorf("client certificate: %s was revoked on %s", c.Subject, entry.RevocationTime.UTC().Format(time.DateOnly))
			}
		}
	}
	return nil
}

// listOf is the newest list that an authority has signed, or nil.
func (t *trust) listOf(authority *x509.Certificate) (newest *x509.RevocationList) {
	for _, list := range t.lists {
		if !bytes.Equal(list.RawIssuer, authority.RawSubject) || list.CheckSignatureFrom(authority) != nil {
			continue
		}
		if newest == nil || list.ThisUpdate.After(newest.ThisUpdate) {
			newest = list
		}
	}
	return newest
}

// usable says why a list cannot tell what is revoked now, or nil: it is out
// of date, or only a part of what its authority has revoked (RFC 5280 5.2: a
// critical extension that is not understood; none is).
func usable(list *x509.RevocationList, now time.Time) error {
	switch {
	case now.Before(list.ThisUpdate):
		return fmt.Errorf("revocation list of %s: good only from %s", list.Issuer, list.ThisUpdate.UTC().Format(time.DateTime))
	case now.After(list.NextUpdate):
		return fmt.Errorf("revocation list of %s: out of date since %s", list.Issuer, list.NextUpdate.UTC().Format(time.DateTime))
	}
	for _, e := range list.Extensions {
		if e.Critical {
			return fmt.Errorf("revocation list of %s: unknown extension %s", list.Issuer, e.Id)
		}
	}
	for _, entry := range list.RevokedCertificateEntries {
		for _, e := range entry.Extensions {
			if e.Critical {
				return fmt.Errorf("revocation list of %s: unknown extension %s of an entry", list.Issuer, e.Id)
			}
		}
	}
	return nil
}
