package tlsconf

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxPins is the size of the largest file of pins that is read, in octets.
const maxPins = 1 << 20

// Pins are the certificates and keys that a client believes without anybody
// vouching for them, read from files like upas' thumbprint(6).
type Pins struct {
	certs, keys pinSet
}

// pinSet has, for each fingerprint, the hosts that it is good for; "" is any.
type pinSet map[[sha256.Size]byte][]string

// ReadPins reads a file of pins, and takes out again those that stand in the
// file of the same name with ".exclude" behind it, if there is one. A line is
//
//	x509 sha256=FINGERPRINT [host=NAME] [cn=...]     a certificate
//	key  sha256=FINGERPRINT [host=NAME]              a public key (SubjectPublicKeyInfo)
//
// with the fingerprint in hexadecimal, with colons or without, or in base64.
// One with a host is good for that host alone. "#" begins a comment.
func ReadPins(file string) (*Pins, error) {
	pins, err := readPins(file)
	if err != nil {
		return nil, err
	}
	out, err := readPins(file + ".exclude")
	if errors.Is(err, fs.ErrNotExist) {
		return pins, nil
	}
	if err != nil {
		return nil, err
	}
	for sum := range out.certs {
		delete(pins.certs, sum)
	}
	for sum := range out.keys {
		delete(pins.keys, sum)
	}
	return pins, nil
}

func readPins(file string) (*Pins, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPins+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxPins {
		return nil, fmt.Errorf("%s: more than %d octets", file, maxPins)
	}
	pins, err := parsePins(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	return pins, nil
}

// parsePins reads the text of a file of pins; an error begins with the line's
// number.
func parsePins(text []byte) (*Pins, error) {
	p := &Pins{certs: make(pinSet), keys: make(pinSet)}
	sc := bufio.NewScanner(bytes.NewReader(text))
	sc.Buffer(nil, maxPins+1)
	for n := 1; sc.Scan(); n++ {
		if err := p.parseLine(sc.Text()); err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
	}
	return p, sc.Err()
}

var (
	errInclude = errors.New("#include is not obeyed: put the lines themselves here")
	errPinKind = errors.New("a pin begins with x509 or key")
	errNoPrint = errors.New("no sha256=, which is the only fingerprint that counts")
	errPrint   = errors.New("a SHA-256 fingerprint is 64 hexadecimal digits, or 44 characters of base64")
)

func (p *Pins) parseLine(line string) error {
	if strings.HasPrefix(line, "#include") {
		return errInclude // thumbprint(6) has it, and a file without its pins would refuse mail
	}
	line, _, _ = strings.Cut(line, "#")
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil
	}
	set, ok := map[string]pinSet{"x509": p.certs, "key": p.keys}[words[0]]
	if !ok {
		return errPinKind
	}
	value := attribute(words, "sha256=")
	if value == "" {
		return errNoPrint
	}
	sum, err := parseFingerprint(value)
	if err != nil {
		return err
	}
	host := attribute(words, "host=")
	set[sum] = append(set[sum], strings.ToLower(strings.TrimSuffix(host, ".")))
	return nil
}

// attribute returns what stands behind a name in one of the words.
func attribute(words []string, name string) string {
	for _, w := range words {
		if value, ok := strings.CutPrefix(w, name); ok {
			return value
		}
	}
	return ""
}

func parseFingerprint(s string) (sum [sha256.Size]byte, err error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil {
		raw, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	}
	if err != nil || len(raw) != len(sum) {
		return sum, errPrint
	}
	return [sha256.Size]byte(raw), nil
}

var errNotPinned = errors.New("neither its certificate nor its key is pinned")

// verify decides whether a host's own certificate is pinned. A pin says all:
// names and time do not count.
func (p *Pins) verify(c *x509.Certificate, host string) error {
	if p == nil {
		return errNotPinned
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if p.certs.has(sha256.Sum256(c.Raw), host) || p.keys.has(sha256.Sum256(c.RawSubjectPublicKeyInfo), host) {
		return nil
	}
	return errNotPinned
}

func (s pinSet) has(sum [sha256.Size]byte, host string) bool {
	for _, h := range s[sum] {
		if h == "" || h == host {
			return true
		}
	}
	return false
}
