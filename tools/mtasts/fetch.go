package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"

	"postern/lib/dns"
	"postern/lib/mtasts"
	"postern/lib/mx"
	"postern/lib/tlsconf"
)

const (
	httpsPort  = 443
	maxHeaders = 64 << 10 // octets
)

// errRefused is a server that has no policy for us, and will have none the
// next time.
var errRefused = errors.New("the server has no policy")

// fetcher gets policies by HTTPS (RFC 8461 3.3).
type fetcher struct {
	resolver dns.Resolver
	roots    *x509.CertPool // nil for the system's
	connect  string         // address:port to connect to, "" for the DNS's
}

// url is where a domain's policy is (RFC 8461 3.3).
func url(domain string) string { return "https://" + mtasts.Host + domain + mtasts.Path }

// fetch returns the text of a domain's policy.
func (f fetcher) fetch(ctx context.Context, domain string) ([]byte, error) {
	if !dns.ValidName(domain) {
		return nil, errNoDomain
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url(domain), nil)
	if err != nil {
		return nil, err
	}
	client := f.client()
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return nil, refusedCertificate(err)
	}
	defer response.Body.Close()
	if err := acceptable(response); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, mtasts.MaxPolicy+1))
	if err == nil {
		err = ctx.Err() // a server that sees us leave may end the text in its midst
	}
	return text, err
}

// client makes a client that follows nobody elsewhere and keeps nothing.
func (f fetcher) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            f.dial,
			TLSClientConfig:        &tls.Config{RootCAs: f.roots, MinVersion: tlsconf.MinVersion},
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: maxHeaders,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dial connects to the policy's host. A domain may not send us to our own
// addresses that nobody else can reach.
func (f fetcher) dial(ctx context.Context, _, address string) (net.Conn, error) {
	if f.connect != "" {
		return new(net.Dialer).DialContext(ctx, "tcp", f.connect)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	route, err := mx.Direct(ctx, f.resolver, host, mx.Options{})
	if err != nil {
		return nil, err
	}
	for h := range route.Hosts(ctx) {
		h.Addrs = slices.DeleteFunc(h.Addrs, func(a netip.Addr) bool { return !mx.Legal(a) })
		if len(h.Addrs) > 0 {
			return mx.Dialer{}.Dial(ctx, h, httpsPort)
		}
	}
	return nil, fmt.Errorf("%w: the address of %s is not one that others can reach", errRefused, host)
}

// acceptable wants a policy right here: 200, text/plain, no redirect
// (RFC 8461 3.3).
func acceptable(r *http.Response) error {
	if r.StatusCode != http.StatusOK {
		err := fmt.Errorf("the server answers %d", r.StatusCode)
		if r.StatusCode >= 500 {
			return err
		}
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "text/plain" {
		return fmt.Errorf("%w: its type is %.60q, not text/plain", errRefused, kind)
	}
	return nil
}

// refusedCertificate tells a certificate that is not believed, which somebody
// has to mend, from a connection that failed.
func refusedCertificate(err error) error {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	return err
}

// readRoots reads the authorities of a PEM file; nil without a file.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate", file)
	}
	return pool, nil
}
