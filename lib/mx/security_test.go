package mx_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"postern/lib/dns"
	"postern/lib/dnstest"
	"postern/lib/mtasts"
	"postern/lib/mx"
	"postern/lib/tlsconf"
)

const record = "TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"

const signedZone = `
;! secure signed
plain.signed.          IN MX 5 mx.plain.signed.
mx.plain.signed.       IN A 198.51.100.1
good.signed.           IN MX 5 mx.good.signed.
mx.good.signed.        IN A 198.51.100.1
_25._tcp.mx.good.signed. IN ` + record + `
_587._tcp.mx.good.signed. IN TLSA 3 1 1 00
useless.signed.        IN MX 5 mx.useless.signed.
mx.useless.signed.     IN A 198.51.100.1
_25._tcp.mx.useless.signed. IN TLSA 0 0 1 00
implied.signed.        IN A 198.51.100.1
_25._tcp.implied.signed. IN ` + record + `
alias.signed.          IN CNAME good.signed.
cname.signed.          IN MX 5 here.cname.signed.
here.cname.signed.     IN CNAME mx.good.signed.
own.signed.            IN MX 5 here.own.signed.
here.own.signed.       IN CNAME mx.plain.signed.
_25._tcp.here.own.signed. IN ` + record + `
out.signed.            IN MX 5 here.out.signed.
here.out.signed.       IN CNAME mx.unsigned.
_25._tcp.here.out.signed. IN ` + record + `
away.signed.           IN MX 5 mx.unsigned.
through.signed.        IN MX 5 here.through.signed.
here.through.signed.   IN CNAME hop.unsigned.
borrowed.signed.       IN MX 5 mx.borrowed.signed.
mx.borrowed.signed.    IN A 198.51.100.1
_25._tcp.mx.borrowed.signed. IN CNAME _25._tcp.mx.unsigned.
forged.signed.         IN MX 5 mx.forged.signed.
mx.forged.signed.      IN A 198.51.100.1
;! bogus _25._tcp.mx.forged.signed
broken.signed.         IN MX 5 mx.broken.signed.
mx.broken.signed.      IN A 198.51.100.1
;! servfail _25._tcp.mx.broken.signed

unsigned.              IN MX 5 mx.unsigned.
mx.unsigned.           IN A 198.51.100.1
_25._tcp.mx.unsigned.  IN ` + record + `
tosigned.unsigned.     IN MX 5 mx.good.signed.
toalias.unsigned.      IN MX 5 here.out.signed.
hop.unsigned.          IN CNAME mx.good.signed.
`

func policyOf(t *testing.T, r dns.Resolver, domain string, port uint16, s mx.Security) string {
	t.Helper()
	route, err := mx.Lookup(ctx, r, domain, lonely)
	if err != nil {
		t.Fatal(err)
	}
	for h := range route.Hosts(ctx) {
		p, err := s.Policy(ctx, r, route, h, port)
		if err != nil {
			return err.Error()
		}
		names := ""
		if p.Mode >= tlsconf.WebPKI {
			names = " " + strings.Join(p.Names, ",")
		}
		return fmt.Sprintf("%s %s%s %d clear=%v", p.Mode, p.ServerName, names, len(p.TLSA), p.Clear())
	}
	t.Fatal("no host")
	return ""
}

func TestDANE(t *testing.T) {
	tests := []struct{ domain, want string }{
		{"plain.signed", "may mx.plain.signed 0 clear=true"},
		{"good.signed", "dane mx.good.signed mx.good.signed,mx.good.signed,good.signed,good.signed 1 clear=false"},
		{"useless.signed", "encrypt mx.useless.signed 0 clear=false"},
		{"implied.signed", "dane implied.signed implied.signed,implied.signed,implied.signed 1 clear=false"},
		{"alias.signed", "dane mx.good.signed mx.good.signed,mx.good.signed,alias.signed,good.signed 1 clear=false"},
		{"cname.signed", "dane mx.good.signed mx.good.signed,here.cname.signed,cname.signed,cname.signed 1 clear=false"},
		{"own.signed", "dane here.own.signed here.own.signed,here.own.signed,own.signed,own.signed 1 clear=false"},
		{"out.signed", "dane here.out.signed here.out.signed,here.out.signed,out.signed,out.signed 1 clear=false"},
		{"away.signed", "may mx.unsigned 0 clear=true"},
		{"forged.signed", "mx.forged.signed: its TLSA records cannot be looked up: _25._tcp.mx.forged.signed TLSA: bogus answer: the zone file says so"},
		{"broken.signed", "mx.broken.signed: its TLSA records cannot be looked up: _25._tcp.mx.broken.signed TLSA: temporary error: the zone file says so"},
		{"unsigned", "may mx.unsigned 0 clear=true"},
		{"tosigned.unsigned", "may mx.good.signed 0 clear=true"},
		{"toalias.unsigned", "may here.out.signed 0 clear=true"},
		{"through.signed", "may here.through.signed 0 clear=true"},
		{"borrowed.signed", "may mx.borrowed.signed 0 clear=true"},
		{"[198.51.100.1]", "may 198.51.100.1 0 clear=true"},
	}
	r := resolver(t, signedZone)
	for _, tt := range tests {
		s := mx.Security{Base: tlsconf.Policy{Mode: tlsconf.Opportunistic}, DANE: true}
		if got := policyOf(t, r, tt.domain, 25, s); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.domain, got, tt.want)
		}
		s.DANE = false
		if got := policyOf(t, r, tt.domain, 25, s); !strings.HasPrefix(got, "may ") {
			t.Errorf("%s without DANE: %s", tt.domain, got)
		}
	}
	s := mx.Security{Base: tlsconf.Policy{Mode: tlsconf.Opportunistic}, DANE: true}
	if got, want := policyOf(t, r, "good.signed", 587, s), "encrypt mx.good.signed 0 clear=false"; got != want {
		t.Errorf("at another port: %s, want %s", got, want)
	}
}

// Who is told a secret has to prove itself: by what the domain says, else by
// WebPKI.
func TestProve(t *testing.T) {
	tests := []struct{ domain, want string }{
		{"good.signed", "dane mx.good.signed "},
		{"useless.signed", "verify mx.useless.signed mx.useless.signed 0 clear=false"},
		{"plain.signed", "verify mx.plain.signed mx.plain.signed 0 clear=false"},
		{"[198.51.100.1]", "verify 198.51.100.1 198.51.100.1 0 clear=false"},
	}
	r := resolver(t, signedZone)
	for _, tt := range tests {
		s := mx.Security{Base: tlsconf.Policy{Mode: tlsconf.Encrypt}, DANE: true, Prove: true}
		if got := policyOf(t, r, tt.domain, 25, s); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.domain, got, tt.want)
		}
	}
	testing := &mtasts.Policy{Mode: mtasts.Testing, MX: []string{"mx.plain.signed"}}
	s := mx.Security{Base: tlsconf.Policy{Mode: tlsconf.Opportunistic}, STS: testing, Prove: true}
	if got, want := policyOf(t, r, "plain.signed", 25, s), "verify mx.plain.signed mx.plain.signed 0 clear=false"; got != want {
		t.Errorf("MTA-STS in testing: %s, want %s", got, want)
	}
}

// What is not signed costs no question for TLSA.
func TestDANEQuestions(t *testing.T) {
	s := dnstest.Start(t, signedZone)
	security := mx.Security{Base: tlsconf.Policy{Mode: tlsconf.Opportunistic}, DANE: true}
	policyOf(t, s.Resolver(), "unsigned", 25, security)
	if asked := s.Asked(); len(asked) != 3 {
		t.Errorf("asked %q", asked)
	}
	if got := policyOf(t, s.Resolver(), "good.signed", 25, security); !strings.HasPrefix(got, "dane ") {
		t.Errorf("through a server: %s", got)
	}
	if asked := s.Asked(); len(asked) != 7 {
		t.Errorf("asked %q", asked)
	}
}

// A host that was named is looked up under its own name and port (RFC 7672
// 2.2.2).
func TestDANEDirect(t *testing.T) {
	r := resolver(t, signedZone)
	route, err := mx.Direct(ctx, r, "mx.good.signed", mx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := mx.Security{DANE: true, Base: tlsconf.Policy{Mode: tlsconf.Encrypt}, STS: sts(mtasts.Enforce, "other.example")}
	for h := range route.Hosts(ctx) {
		p, err := s.Policy(ctx, r, route, h, 25)
		if err != nil || p.Mode != tlsconf.DANE || p.ServerName != "mx.good.signed" {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err := s.Policy(ctx, r, route, h, 465); err != nil || p.Mode != tlsconf.Encrypt {
			t.Errorf("at another port %+v, %v", p, err)
		}
	}
}

func sts(mode mtasts.Mode, patterns ...string) *mtasts.Policy {
	return &mtasts.Policy{Mode: mode, MX: patterns}
}

func TestSTS(t *testing.T) {
	const may, encrypt = tlsconf.Opportunistic, tlsconf.Encrypt
	tests := []struct {
		domain string
		base   tlsconf.Mode
		sts    *mtasts.Policy
		want   string
	}{
		{"unsigned", may, nil, "may mx.unsigned 0 clear=true"},
		{"unsigned", may, sts(mtasts.Enforce, "mx.unsigned"), "sts mx.unsigned mx.unsigned 0 clear=false"},
		{"unsigned", may, sts(mtasts.Enforce, "*.unsigned"), "sts mx.unsigned mx.unsigned 0 clear=false"},
		{"unsigned", encrypt, sts(mtasts.Enforce, "*.unsigned"), "sts mx.unsigned mx.unsigned 0 clear=false"},
		{"unsigned", may, sts(mtasts.Enforce, "mx.signed"), "mx.unsigned: the domain's MTA-STS policy does not name it"},
		{"unsigned", may, sts(mtasts.Testing, "mx.unsigned"), "sts mx.unsigned mx.unsigned 0 clear=true"},
		{"unsigned", may, sts(mtasts.Testing, "mx.signed"), "may mx.unsigned 0 clear=true"},
		{"unsigned", encrypt, sts(mtasts.Testing, "mx.unsigned"), "encrypt mx.unsigned 0 clear=false"},
		{"unsigned", may, sts(mtasts.None, "mx.signed"), "may mx.unsigned 0 clear=true"},
		{"good.signed", may, sts(mtasts.Enforce, "nowhere.example"), "dane mx.good.signed mx.good.signed,mx.good.signed,good.signed,good.signed 1 clear=false"},
		{"useless.signed", may, sts(mtasts.Enforce, "mx.useless.signed"), "sts mx.useless.signed mx.useless.signed 0 clear=false"},
		{"plain.signed", may, sts(mtasts.Enforce, "mx.plain.signed"), "sts mx.plain.signed mx.plain.signed 0 clear=false"},
		{"forged.signed", may, sts(mtasts.Enforce, "*.forged.signed"), "mx.forged.signed: its TLSA records cannot be looked up: _25._tcp.mx.forged.signed TLSA: bogus answer: the zone file says so"},
		// What the operator asks for by name is what counts.
		{"good.signed", tlsconf.None, sts(mtasts.Enforce, "nowhere.example"), "none mx.good.signed 0 clear=true"},
		{"good.signed", tlsconf.WebPKI, sts(mtasts.Enforce, "nowhere.example"), "verify mx.good.signed mx.good.signed 0 clear=false"},
		{"good.signed", tlsconf.Pinned, sts(mtasts.Enforce, "nowhere.example"), "pin mx.good.signed mx.good.signed 0 clear=false"},
	}
	r := resolver(t, signedZone)
	for _, tt := range tests {
		s := mx.Security{Base: tlsconf.Policy{Mode: tt.base}, DANE: true, STS: tt.sts}
		if got := policyOf(t, r, tt.domain, 25, s); got != tt.want {
			t.Errorf("%s, %s, %v: %s, want %s", tt.domain, tt.base, tt.sts, got, tt.want)
		}
	}
}

// The kinds can be told apart, and a gateway is not the domain's own host.
func TestSecurityErrors(t *testing.T) {
	r := resolver(t, signedZone)
	for domain, want := range map[string]error{"forged.signed": mx.ErrTLSA, "unsigned": mx.ErrNotInPolicy} {
		route, err := mx.Lookup(ctx, r, domain, lonely)
		if err != nil {
			t.Fatal(err)
		}
		s := mx.Security{Base: tlsconf.Policy{Mode: tlsconf.Opportunistic}, DANE: true, STS: sts(mtasts.Enforce, "x.example")}
		for h := range route.Hosts(ctx) {
			if _, err := s.Policy(ctx, r, route, h, 25); !errors.Is(err, want) {
				t.Errorf("%s: %v", domain, err)
			}
		}
	}
	o := lonely
	o.Gateway = "mx.unsigned"
	route, err := mx.Lookup(ctx, r, "nowhere", o)
	if err != nil || !route.Gateway {
		t.Fatalf("%+v, %v", route, err)
	}
	for h := range route.Hosts(ctx) {
		s := mx.Security{Base: tlsconf.Policy{Mode: tlsconf.Opportunistic}, STS: sts(mtasts.Enforce, "x.example")}
		if p, err := s.Policy(ctx, r, route, h, 25); err != nil || p.Mode != tlsconf.Opportunistic {
			t.Errorf("gateway: %+v, %v", p, err)
		}
	}
}
