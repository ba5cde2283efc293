package tlsconf

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/smtptest"
)

// servers are hosts with certificates of all kinds.
type servers struct {
	root, sub, stranger     *smtptest.Authority
	good, other, old, alone tls.Certificate
}

func newServers(t *testing.T) *servers {
	root := smtptest.NewAuthority(t, "root")
	s := &servers{root: root, sub: root.Sub("sub"), stranger: smtptest.NewAuthority(t, "stranger")}
	s.good = s.sub.Server("mx.example")
	s.good.Certificate = append(s.good.Certificate, s.sub.Cert.Raw, root.Cert.Raw)
	s.other = s.sub.Server("www.example")
	s.other.Certificate = append(s.other.Certificate, s.sub.Cert.Raw, root.Cert.Raw)
	s.old = s.sub.Issue(&x509.Certificate{
		DNSNames: []string{"mx.example"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour),
	})
	s.old.Certificate = append(s.old.Certificate, s.sub.Cert.Raw)
	s.alone = s.sub.Server("mx.example")
	return s
}

// record makes the TLSA record of a certificate.
func record(usage, selector, matching uint8, c *x509.Certificate) TLSA {
	data := c.Raw
	if selector == SelectorKey {
		data = c.RawSubjectPublicKeyInfo
	}
	switch matching {
	case MatchSHA256:
		sum := sha256.Sum256(data)
		data = sum[:]
	case MatchSHA512:
		sum := sha512.Sum512(data)
		data = sum[:]
	}
	return TLSA{usage, selector, matching, data}
}

// wantProof shakes hands and compares the word, or the error.
func wantProof(t *testing.T, p Policy, shown tls.Certificate, want string) {
	t.Helper()
	state, err := shake(t, &tls.Config{Certificates: []tls.Certificate{shown}}, p.Config())
	if err == nil {
		if got := p.Proven(state); got != want {
			t.Errorf("proven %q, want %q", got, want)
		}
		return
	}
	proof, ok := errors.AsType[*ProofError](err)
	if !ok || proof.Mode != p.Mode || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want a ProofError with %q", err, want)
	}
}

func TestDANE(t *testing.T) {
	s := newServers(t)
	good, sub, root, other := s.good.Leaf, s.sub.Cert, s.root.Cert, s.other.Leaf
	wrong := s.stranger.Cert
	tests := []struct {
		name    string
		shown   tls.Certificate
		records []TLSA
		want    string
	}{
		{"3 1 1", s.good, []TLSA{record(3, 1, 1, good)}, "dane"},
		{"3 0 1", s.good, []TLSA{record(3, 0, 1, good)}, "dane"},
		{"3 1 2", s.good, []TLSA{record(3, 1, 2, good)}, "dane"},
		{"3 1 0", s.good, []TLSA{record(3, 1, 0, good)}, "dane"},
		{"3 0 0", s.good, []TLSA{record(3, 0, 0, good)}, "dane"},
		{"3: no other name", s.other, []TLSA{record(3, 1, 1, other)}, "dane"},
		{"3: no time", s.old, []TLSA{record(3, 1, 1, s.old.Leaf)}, "dane"},
		{"3: another key", s.good, []TLSA{record(3, 1, 1, other)}, "no TLSA record tells its certificate"},
		{"3: an authority's key", s.good, []TLSA{record(3, 1, 1, sub)}, "no TLSA record tells its certificate"},
		{"two keys, while one is replaced", s.good, []TLSA{record(3, 1, 1, other), record(3, 1, 1, good)}, "dane"},

		{"2 0 1", s.good, []TLSA{record(2, 0, 1, root)}, "dane"},
		{"2 1 1", s.good, []TLSA{record(2, 1, 1, root)}, "dane"},
		{"2 1 2 of the one between", s.good, []TLSA{record(2, 1, 2, sub)}, "dane"},
		{"2 0 0", s.good, []TLSA{record(2, 0, 0, root)}, "dane"},
		{"2 0 0, and the authority is not shown", s.alone, []TLSA{record(2, 0, 0, sub)}, "dane"},
		{"2 1 1, and the authority is not shown", s.alone, []TLSA{record(2, 1, 1, sub)}, "no TLSA record tells its certificate"},
		{"2: another name", s.other, []TLSA{record(2, 1, 1, root)}, "valid for www.example, not mx.example"},
		{"2: over", s.old, []TLSA{record(2, 1, 1, sub)}, "expired"},
		{"2: the host's own", s.good, []TLSA{record(2, 1, 1, good)}, "no TLSA record tells its certificate"},
		{"2: an authority that did not sign", s.good, []TLSA{record(2, 0, 0, wrong)}, "unknown authority"},
		{"2 fails and 3 is right", s.other, []TLSA{record(2, 1, 1, root), record(3, 1, 1, other)}, "dane"},

		{"0 and 1 do not count", s.good, []TLSA{record(0, 1, 1, root), record(1, 1, 1, good), record(3, 1, 1, other)}, "no TLSA record tells its certificate"},
		{"SHA-512 wins", s.good, []TLSA{record(3, 1, 1, good), record(3, 1, 2, other)}, "no TLSA record tells its certificate"},
		{"SHA-512 of another selector", s.good, []TLSA{record(3, 1, 1, good), record(3, 0, 2, other)}, "dane"},
		{"a SHA-512 cut short", s.good, []TLSA{record(3, 1, 1, good), {3, 1, 2, []byte("short")}}, "dane"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Policy{Mode: DANE, ServerName: "mx.example", Names: []string{"mx.example", "example"}, TLSA: tt.records}
			wantProof(t, p, tt.shown, tt.want)
		})
	}
}

// An impostor that shows the right certificate between its own has not proven
// that it has the key.
func TestDANEChainOfAnImpostor(t *testing.T) {
	s := newServers(t)
	impostor := s.stranger.Server("mx.example")
	impostor.Certificate = append(impostor.Certificate, s.good.Certificate...)
	for _, r := range []TLSA{record(3, 1, 1, s.good.Leaf), record(2, 1, 1, s.root.Cert), record(2, 1, 1, s.good.Leaf)} {
		p := Policy{Mode: DANE, ServerName: "mx.example", Names: []string{"mx.example"}, TLSA: []TLSA{r}}
		want := "unknown authority"
		if r.Usage == UsageEE {
			want = errNoneTells.Error()
		} else if r.matches(s.good.Leaf) {
			want = "x509:" // no authority at all
		}
		wantProof(t, p, impostor, want)
	}
}

func TestProof(t *testing.T) {
	s := newServers(t)
	pool := x509.NewCertPool()
	pool.AddCert(s.root.Cert)
	names := []string{"mx.example"}
	pin := func(format string, args ...any) *Pins {
		p, err := parsePins(fmt.Appendf(nil, format, args...))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	later := func() time.Time { return time.Now().Add(72 * time.Hour) }
	tests := []struct {
		name   string
		policy Policy
		shown  tls.Certificate
		want   string
	}{
		{"opportunistic", Policy{Mode: Opportunistic}, s.old, "unverified"},
		{"encrypt", Policy{Mode: Encrypt}, s.other, "unverified"},
		{"webpki", Policy{Mode: WebPKI, Roots: pool, Names: names}, s.good, "webpki"},
		{"webpki, one of the names", Policy{Mode: WebPKI, Roots: pool, Names: []string{"a.example", "www.example"}}, s.other, "webpki"},
		{"webpki, another name", Policy{Mode: WebPKI, Roots: pool, Names: names}, s.other, "not mx.example"},
		{"webpki, no name", Policy{Mode: WebPKI, Roots: pool}, s.good, "x509"},
		{"webpki, over", Policy{Mode: WebPKI, Roots: pool, Names: names}, s.old, "expired"},
		{"webpki, over later", Policy{Mode: WebPKI, Roots: pool, Names: names, Now: later}, s.good, "expired"},
		{"webpki, stranger", Policy{Mode: WebPKI, Roots: pool, Names: names}, s.stranger.Server("mx.example"), "unknown authority"},
		{"webpki, the system's", Policy{Mode: WebPKI, Names: names}, s.good, "x509"},
		{"sts", Policy{Mode: STS, Roots: pool, Names: names}, s.good, "sts"},
		{"sts, another name", Policy{Mode: STS, Roots: pool, Names: names}, s.other, "not mx.example"},
		{"sts, testing", Policy{Mode: STS, Roots: pool, Names: names, Testing: true}, s.good, "sts"},
		{"sts, testing, another name", Policy{Mode: STS, Roots: pool, Names: names, Testing: true}, s.other, "unverified"},
		{"pin", Policy{Mode: Pinned, Pins: pin("x509 sha256=%x\n", sha256.Sum256(s.old.Leaf.Raw))}, s.old, "pin"},
		{"pin of the key", Policy{Mode: Pinned, Pins: pin("key sha256=%x\n", sha256.Sum256(s.good.Leaf.RawSubjectPublicKeyInfo))}, s.good, "pin"},
		{"pin of another", Policy{Mode: Pinned, Pins: pin("x509 sha256=%x\n", sha256.Sum256(s.old.Leaf.Raw))}, s.good, "neither its certificate nor its key is pinned"},
		{"pin of an authority", Policy{Mode: Pinned, Pins: pin("x509 sha256=%x\n", sha256.Sum256(s.sub.Cert.Raw))}, s.good, "neither its certificate nor its key is pinned"},
		{"pin of another host", Policy{Mode: Pinned, Pins: pin("x509 sha256=%x host=www.example\n", sha256.Sum256(s.good.Leaf.Raw))}, s.good, "neither its certificate nor its key is pinned"},
		{"pin of this host", Policy{Mode: Pinned, Pins: pin("x509 sha256=%x host=MX.example.\n", sha256.Sum256(s.good.Leaf.Raw))}, s.good, "pin"},
		{"no pins", Policy{Mode: Pinned}, s.good, "neither its certificate nor its key is pinned"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.policy.ServerName = "mx.example"
			wantProof(t, tt.policy, tt.shown, tt.want)
		})
	}
}

func TestClear(t *testing.T) {
	tests := []struct {
		policy Policy
		want   bool
	}{
		{Policy{}, true},
		{Policy{Mode: Opportunistic}, true},
		{Policy{Mode: Encrypt}, false},
		{Policy{Mode: WebPKI}, false},
		{Policy{Mode: Pinned}, false},
		{Policy{Mode: DANE}, false},
		{Policy{Mode: STS}, false},
		{Policy{Mode: STS, Testing: true}, true},
	}
	for _, tt := range tests {
		if got := tt.policy.Clear(); got != tt.want {
			t.Errorf("%s testing=%v: %v, want %v", tt.policy.Mode, tt.policy.Testing, got, tt.want)
		}
	}
}

func TestParseTLSA(t *testing.T) {
	hash := strings.Repeat("0123456789ABCDEF", 4)
	tests := []struct {
		data, want string
		usable     bool
	}{
		{"3 1 1 " + hash, "3 1 1 " + hash, true},
		{" 2  0 1 " + strings.ToLower(hash[:20]) + " " + hash[20:], "2 0 1 " + hash, true},
		{"3 1 2 " + hash + hash, "3 1 2 " + hash + hash, true},
		{"3 1 2 " + hash, "3 1 2 " + hash, false},
		{"3 1 1 " + hash[2:], "3 1 1 " + hash[2:], false},
		{"0 1 1 " + hash, "0 1 1 " + hash, false},
		{"1 1 1 " + hash, "1 1 1 " + hash, false},
		{"255 1 1 " + hash, "255 1 1 " + hash, false},
		{"3 2 1 " + hash, "3 2 1 " + hash, false},
		{"3 1 3 " + hash, "3 1 3 " + hash, false},
		{"3 1 0 " + hash, "3 1 0 " + hash, false},
		{"2 0 0 " + hash, "2 0 0 " + hash, false},
		{"3 1 1", `"3 1 1" is not the data of a TLSA record`, false},
		{"3 x 1 00", `"3 x 1 00" is not the data of a TLSA record`, false},
		{"3 1 256 00", `"3 1 256 00" is not the data of a TLSA record`, false},
		{"3 1 1 0g", "the data of a TLSA record: encoding/hex: invalid byte: U+0067 'g'", false},
	}
	for _, tt := range tests {
		r, err := ParseTLSA(tt.data)
		got := r.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want || r.Usable() != tt.usable {
			t.Errorf("%q: %s, usable %v, want %s, %v", tt.data, got, r.Usable(), tt.want, tt.usable)
		}
	}
}

func FuzzParseTLSA(f *testing.F) {
	f.Add("3 1 1 00FF")
	f.Add("2 0 0 3082 0100")
	f.Fuzz(func(t *testing.T, data string) {
		r, err := ParseTLSA(data)
		if err != nil {
			return
		}
		r.Usable()
		again, err := ParseTLSA(r.String())
		if err != nil || again.String() != r.String() {
			t.Errorf("%q: %v, %v", data, again, err)
		}
	})
}

func TestPinErrors(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	tests := []struct{ text, want string }{
		{"# nothing\n\nx509 sha256=" + hash + " cn=*.example # comment\n", ""},
		{"key sha256=" + strings.TrimSuffix(strings.Repeat("AB:", 32), ":"), ""},
		{"key sha256=" + base64.StdEncoding.EncodeToString(make([]byte, 32)), ""},
		{"\nssh sha256=" + hash, "2: a pin begins with x509 or key"},
		{"x509 sha1=8fe472d31b360a8303cd29f92bd734813cbd923c", "1: no sha256=, which is the only fingerprint that counts"},
		{"x509 sha256=" + hash[2:], "1: a SHA-256 fingerprint is 64 hexadecimal digits, or 44 characters of base64"},
		{"#include /sys/lib/tls/mail", "1: #include is not obeyed: put the lines themselves here"},
	}
	for _, tt := range tests {
		_, err := parsePins([]byte(tt.text))
		if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
			t.Errorf("%q: %s, want %q", tt.text, got, tt.want)
		}
	}
}

func TestReadPins(t *testing.T) {
	one, two := [32]byte{1}, [32]byte{2}
	file := filepath.Join(t.TempDir(), "smtp")
	put := func(name, format string, args ...any) {
		t.Helper()
		if err := os.WriteFile(name, fmt.Appendf(nil, format, args...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(file, "x509 sha256=%x\nx509 sha256=%x\nkey sha256=%[1]x\nkey sha256=%[2]x\n", one, two)
	put(file+".exclude", "x509 sha256=%x\nkey sha256=%x\n", one, two)
	p, err := ReadPins(file)
	if err != nil {
		t.Fatal(err)
	}
	if p.certs.has(one, "h") || !p.certs.has(two, "h") || !p.keys.has(one, "h") || p.keys.has(two, "h") {
		t.Errorf("pins %v", p)
	}
	put(file+".exclude", "what")
	if _, err := ReadPins(file); err == nil || err.Error() != file+".exclude:1: a pin begins with x509 or key" {
		t.Errorf("error %v", err)
	}
	if _, err := ReadPins(file + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
}

func FuzzParsePins(f *testing.F) {
	f.Add("x509 sha256=" + strings.Repeat("ab", 32) + " host=mx.example\n# comment\nkey sha256=" + base64.StdEncoding.EncodeToString(make([]byte, 32)))
	f.Add("#include x")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePins([]byte(text))
		if err != nil {
			return
		}
		for sum, hosts := range p.certs {
			if len(hosts) == 0 || !strings.Contains(text, "x509") {
				t.Errorf("%q: %x %q", text, sum, hosts)
			}
		}
	})
}
