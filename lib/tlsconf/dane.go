package tlsconf

// TLSA is a record that tells the certificate of a server (RFC 6698 2.1).
type TLSA struct {
	Usage    uint8  // 2 DANE-TA, 3 DANE-EE; 0 and 1 are of no use to SMTP (RFC 7672 3.1.3)
	Selector uint8  // 0 the certificate, 1 its public key
	Matching uint8  // 0 all of it, 1 its SHA-256, 2 its SHA-512
	Data     []byte // to compare with
}

// ParseTLSA reads a record's data in the form of zone files: "3 1 1 5BA1...".
func ParseTLSA(data string) (TLSA, error) { return TLSA{}, nil }

// Usable reports whether SMTP can use the record (RFC 7672 3.1): its usage is
// DANE-TA or DANE-EE, selector and matching type are known, and its data can
// be what they say.
func (t TLSA) Usable() bool { return false }
