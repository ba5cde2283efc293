package tlsconf

import (
	"crypto/tls"
	"strconv"
	"strings"
)

// Description is what a handshake agreed on, in the words of Postfix's
// attributes encryption_protocol, encryption_cipher and encryption_keysize.
type Description struct {
	Version string // "TLSv1.3"
	Cipher  string // the IANA name: "TLS_AES_128_GCM_SHA256"
	Bits    int    // of the cipher's key; 0 when unknown
}

// Describe puts a finished handshake into words.
func Describe(state tls.ConnectionState) Description {
	cipher := tls.CipherSuiteName(state.CipherSuite)
	return Description{
		Version: versionName(state.Version),
		Cipher:  cipher,
		Bits:    keyBits(cipher),
	}
}

// String is "TLSv1.3 TLS_AES_128_GCM_SHA256 (128 bits)".
func (d Description) String() string {
	s := d.Version + " " + d.Cipher
	if d.Bits > 0 {
		s += " (" + strconv.Itoa(d.Bits) + " bits)"
	}
	return s
}

// versionName is OpenSSL's name, as Postfix writes it, of a version.
func versionName(version uint16) string {
	return strings.Replace(tls.VersionName(version), "TLS ", "TLSv", 1)
}

// keyBits reads the size of the key in a cipher suite's IANA name.
func keyBits(cipher string) int {
	switch {
	case strings.Contains(cipher, "_AES_256_"), strings.Contains(cipher, "_CHACHA20_"):
		return 256
	case strings.Contains(cipher, "_128_"):
		return 128
	case strings.Contains(cipher, "_3DES_"):
		return 168
	}
	return 0
}
