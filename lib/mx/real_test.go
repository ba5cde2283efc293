package mx_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postern/lib/dns"
	"postern/lib/dnstest"
	"postern/lib/e2e"
	"postern/lib/mx"
	"postern/lib/smtptest"
	"postern/lib/tlsconf"
)

// tlsServer shakes hands with whoever comes, and shows a certificate for each
// name that is asked for by SNI.
func tlsServer(t *testing.T, shown map[string]tls.Certificate) uint16 {
	t.Helper()
	l, err := tls.Listen("tcp4", "127.0.0.1:0", &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		c := shown[hello.ServerName]
		return &c, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.(*tls.Conn).HandshakeContext(ctx)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

// danetool makes a TLSA record with GnuTLS' tool.
func danetool(t *testing.T, c *x509.Certificate, args ...string) string {
	t.Helper()
	tool := e2e.Need(t, "danetool")[0]
	file := filepath.Join(t.TempDir(), "cert.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, append(args, "--tlsa-rr", "--host", "h", "--load-certificate", file)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	// _443._tcp.h. IN TLSA ( 03 01 01 0123... )
	data := regexp.MustCompile(`TLSA \( (\d+) (\d+) (\d+) ([0-9a-f]+) \)`).FindSubmatch(out)
	if data == nil {
		t.Fatalf("danetool says %s", out)
	}
	return string(bytes.Join(data[1:], []byte(" ")))
}

// Signed zones by nsd, validated by unbound, asked through lib/dns; records
// made by danetool; handshakes with a server.
func TestDANEAgainstNSDAndUnbound(t *testing.T) {
	root := smtptest.NewAuthority(t, "root")
	good := root.Server("mx.good.example", "ta.good.example", "www.good.example")
	good.Certificate = append(good.Certificate, root.Cert.Raw)
	other := root.Server("mx.other.example")
	shown := make(map[string]tls.Certificate)
	for _, name := range []string{"mx.good.example", "ta.good.example", "www.good.example", "wrong.good.example", "none.good.example", "mx.forged.example", "mx.plain.example", "mx.away.example"} {
		shown[name] = good
	}
	port := tlsServer(t, shown)
	tlsa := func(host, data string) string {
		return fmt.Sprintf("%s IN A 127.0.0.1\n_%d._tcp.%[1]s IN TLSA %[3]s\n", host, port, data)
	}
	ee := danetool(t, good.Leaf)
	ta := danetool(t, root.Cert, "--ca", "--domain")
	if !strings.HasPrefix(ee, "03 01 01 ") || !strings.HasPrefix(ta, "02 01 01 ") {
		t.Fatalf("danetool makes %q and %q", ee, ta)
	}
	server := dnstest.StartValidating(t, e2e.Need,
		dnstest.Zone{Name: "good.example", Signed: true, Text: "@ IN MX 5 mx\n" + tlsa("mx", ee) +
			"ta IN MX 5 ta\n" + tlsa("ta", ta) +
			"wrong IN MX 5 wrong\n" + tlsa("wrong", danetool(t, other.Leaf)) +
			"alias IN MX 5 www2\nwww2 IN CNAME www\n" + tlsa("www", ee) +
			"none IN MX 5 none\nnone IN A 127.0.0.1\n" +
			"away IN MX 5 mx.plain.example.\n"},
		dnstest.Zone{Name: "forged.example", Signed: true, Text: "@ IN MX 5 mx\n" + tlsa("mx", danetool(t, other.Leaf)) +
			"mail IN MX 10 mx\n", Spoil: func(zone string) string {
			// Somebody puts their own key and preference into the signed answer.
			zone = strings.Replace(zone, strings.Fields(danetool(t, other.Leaf))[3], strings.Fields(ee)[3], 1)
			return strings.Replace(zone, "mail.forged.example.\t300\tIN\tMX\t10", "mail.forged.example.\t300\tIN\tMX\t11", 1)
		}},
		dnstest.Zone{Name: "plain.example", Text: "@ IN MX 5 mx\n" + tlsa("mx", ee)},
	)
	tests := []struct{ domain, want string }{
		{"good.example", "dane"},
		{"ta.good.example", "dane"},
		{"alias.good.example", "dane"},
		{"wrong.good.example", "wrong.good.example: not proven by dane: no TLSA record tells its certificate"},
		{"none.good.example", "unverified"},
		{"away.good.example", "unverified"},
		{"plain.example", "unverified"},
		{"forged.example", "its TLSA records cannot be looked up"},
		{"mail.forged.example", "mail.forged.example MX: bogus answer"},
	}
	r := dns.New(dns.Config{Servers: []netip.AddrPort{server}})
	for _, tt := range tests {
		if got := deliver(t, r, tt.domain, port); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.domain, got, tt.want)
		}
	}
}

// deliver goes all the way to the first host of a domain, and says what it has
// proven, or the error.
func deliver(t *testing.T, r dns.Resolver, domain string, port uint16) string {
	t.Helper()
	route, err := mx.Lookup(ctx, r, domain, mx.Options{Local: true})
	if err != nil {
		return err.Error()
	}
	for h := range route.Hosts(ctx) {
		s := mx.Security{Base: tlsconf.Policy{Mode: tlsconf.Opportunistic}, DANE: true}
		p, err := s.Policy(ctx, r, route, h, port)
		if err != nil {
			return err.Error()
		}
		conn, err := mx.Dialer{}.Dial(ctx, h, port)
		if err != nil {
			return err.Error()
		}
		defer conn.Close()
		c := tls.Client(conn, p.Config())
		if err := c.HandshakeContext(ctx); err != nil {
			return err.Error()
		}
		return p.Proven(c.ConnectionState())
	}
	return "no host"
}
