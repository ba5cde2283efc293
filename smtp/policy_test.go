package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/dnstest"
	"postern/lib/mx"
	"postern/lib/smtptest"
	"postern/lib/tlsconf"
)

// TestTLSPolicy is what the command line asks of TLS: a secret is told to nobody in
// the clear, nor to whoever answers, unless that is said.
func TestTLSPolicy(t *testing.T) {
	for _, tt := range []struct {
		args        string
		mode        tlsconf.Mode
		prove, dane bool
	}{
		{"", tlsconf.None, false, false},
		{"-s", tlsconf.Opportunistic, false, true},
		{"-s --no-dane", tlsconf.Opportunistic, false, false},
		{"--tls may", tlsconf.Opportunistic, false, true},
		{"--tls encrypt", tlsconf.Encrypt, false, true},
		{"--tls verify", tlsconf.WebPKI, false, true},
		{"-t", tlsconf.Encrypt, false, false},
		{"-a", tlsconf.Encrypt, true, true},
		{"-a --tls none", tlsconf.Encrypt, true, true},
		{"-a --tls may", tlsconf.Encrypt, true, true},
		{"-a --tls encrypt", tlsconf.Encrypt, false, true},
		{"-a --tls verify", tlsconf.WebPKI, true, true},
		{"-ai", tlsconf.Opportunistic, false, true},
		{"-ait", tlsconf.Encrypt, false, true},
	} {
		c := new(config)
		operands, err := c.options().Parse(append(strings.Fields(tt.args), "d.test", "ann@me.test", "bob@d.test"))
		if err != nil || c.operands(operands) != nil {
			t.Fatal(err)
		}
		p := &program{config: c} // without DNS, which is not asked
		if p.tls, err = c.tlsPolicy(); err != nil || p.tls.Mode != tt.mode {
			t.Errorf("%q: mode %v, %v; want %v", tt.args, p.tls.Mode, err, tt.mode)
		}
		for _, to := range []destination{{host: "a.test"}, {host: "d.test", mx: true}} {
			c.noSTS = c.startTLS && to.mx
			s := p.security(t.Context(), to)
			if s.Base.Mode != tt.mode || s.Prove != tt.prove || s.DANE != tt.dane || s.STS != nil {
				t.Errorf("%q to %+v: %+v; want %v, prove %v, DANE %v", tt.args, to, s, tt.mode, tt.prove, tt.dane)
			}
		}
	}
}

// TestDANE has the DNS, with DNSSEC vouching for it, tell the certificate.
func TestDANE(t *testing.T) {
	config := smtptest.ServerConfig(t, "a.test")
	right := sha256.Sum256(config.Certificates[0].Certificate[0])
	failing := offering + "C: STARTTLS\nS: 220 go on\nS: <end>"
	unoffered := greeting + leaving
	tests := []struct {
		name   string
		to     string
		args   string
		play   []string
		secure string
		status int
		want   string
	}{
		{"proven", "net!d.test", "-s", []string{encrypted + plain + message()}, ";! secure test.", 0, "tls=dane:TLSv1.3"},
		{"a host that is no MX", "tcp!a.test", "-s", []string{encrypted + plain + message()}, ";! secure test.", 0, "tls=dane:TLSv1.3"},
		{"proven for a secret", "net!d.test", "-a", []string{encrypted + plain + message()}, ";! secure test.", 0, "tls=dane:TLSv1.3"},
		{"no handshake", "net!d.test", "-s", []string{failing}, ";! secure test.", 75, "451 4.7.5"},
		{"no STARTTLS", "net!d.test", "-s", []string{unoffered}, ";! secure test.", 75, "451 4.7.5"},
		{"nobody vouches", "net!d.test", "-s", []string{encrypted + plain + message()}, "", 0, "tls=unverified:TLSv1.3"},
		{"not asked for", "net!d.test", "-s --no-dane", []string{encrypted + plain + message()}, ";! secure test.", 0, "tls=unverified:TLSv1.3"},
		{"TLS is not asked for", "net!d.test", "", []string{greeting + message()}, ";! secure test.", 0, "tls=none"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			port := hostsWith(t, config, test.play)
			zone := filepath.Join(t.TempDir(), "zone")
			text := fmt.Sprintf("%s\nd.test. MX 10 a.test.\na.test. A 127.0.0.2\n_%s._tcp.a.test. TLSA 3 0 1 %x\n", test.secure, port, right)
			if err := os.WriteFile(zone, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			args := append(strings.Fields(test.args), "--no-sts", "-z", zone, "--local", "-h", "me.test", test.to+"!"+port, "ann@me.test", "bob@d.test")
			var stdout, stderr bytes.Buffer
			status := run(args, strings.NewReader(letterText), &stdout, &stderr)
			if status != test.status || !strings.Contains(stdout.String(), test.want) {
				t.Errorf("got %d, %s%s", status, stdout.String(), stderr.String())
			}
		})
	}
}

// TestTrustAD has a name server that is not on the loopback, as far as its
// address tells: 0.0.0.0 is this host by another name.
func TestTrustAD(t *testing.T) {
	config := smtptest.ServerConfig(t, "a.test")
	right := sha256.Sum256(config.Certificates[0].Certificate[0])
	for flag, want := range map[string]string{"": "tls=unverified:TLSv1.3", "--trust-ad": "tls=dane:TLSv1.3"} {
		port := hostsWith(t, config, []string{encrypted + plain + message()})
		zone := fmt.Sprintf(";! secure test.\nd.test. MX 10 a.test.\na.test. A 127.0.0.2\n_%s._tcp.a.test. TLSA 3 0 1 %x\n", port, right)
		server := netip.AddrPortFrom(netip.IPv4Unspecified(), dnstest.Start(t, zone).Addr().Port())
		args := append(strings.Fields(flag), "-s", "-r", server.String(), "--no-sts", "--local", "-h", "me.test", "net!d.test!"+port, "ann@me.test", "bob@d.test")
		var stdout, stderr bytes.Buffer
		status := run(args, strings.NewReader(letterText), &stdout, &stderr)
		if status != 0 || !strings.Contains(stdout.String(), want) {
			t.Errorf("%q: got %d, %s%s", flag, status, stdout.String(), stderr.String())
		}
	}
}

func TestTrustADAlone(t *testing.T) {
	t.Setenv("POSTERN_RESOLVER", "")
	var stdout, stderr bytes.Buffer
	status := run([]string{"--trust-ad", "-h", "me.test", "d.test", "ann@me.test", "bob@d.test"}, strings.NewReader(letterText), &stdout, &stderr)
	if status != 78 || !strings.Contains(stderr.String(), "goes with -r") {
		t.Errorf("got %d, %s%s", status, stdout.String(), stderr.String())
	}
}

// twoQuestions answers the one about MX when that about a policy has been
// asked.
type twoQuestions struct {
	dns.Resolver
	asked chan struct{}
}

func (q twoQuestions) LookupTXT(ctx context.Context, name string) ([]string, error) {
	close(q.asked)
	return nil, dns.ErrNotFound
}

func (q twoQuestions) await(ctx context.Context) error {
	select {
	case <-q.asked:
		return dns.ErrNotFound
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q twoQuestions) LookupMX(ctx context.Context, _ string) ([]dns.MX, error) {
	return nil, q.await(ctx)
}

func (q twoQuestions) Query(ctx context.Context, _ string, _ dns.Type) (dns.Answer, error) {
	return dns.Answer{}, q.await(ctx)
}

func (q twoQuestions) LookupIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	return nil, q.await(ctx)
}

// Where mail goes and what is asked of TLS cost one round trip.
func TestPolicyAskedAtOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	t.Setenv("POSTERN_ROOT", t.TempDir())
	p := &program{config: &config{startTLS: true}, dns: twoQuestions{asked: make(chan struct{})}}
	_, _, err := p.lookUp(ctx, destination{host: "d.test", mx: true})
	if !errors.Is(err, mx.ErrNoHost) {
		t.Errorf("got %v", err)
	}
}
