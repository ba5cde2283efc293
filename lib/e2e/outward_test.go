package e2e

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"postern/lib/dnstest"
	"postern/lib/smtptest"
)

// bring has smtp bring a message for ann to a domain, whose hosts are met at
// the host's port.
func (h *tlsHost) bring(smtp, domain string, options ...string) (line string, status int) {
	h.t.Helper()
	_, port, err := net.SplitHostPort(h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	args := append([]string{"-s", "--local"}, options...)
	return h.run("Subject: "+domain+"\n\ntext\n", smtp, append(args, "net!"+domain+"!"+port, "joe@example.net", "ann@"+hostname)...)
}

// wantBrought compares what smtp says, and whether the message is there.
func (h *tlsHost) wantBrought(line string, status int, domain, tls string) {
	h.t.Helper()
	arrived := false
	for _, text := range h.messages("ann") {
		arrived = arrived || strings.Contains(text, "Subject: "+domain+"\n")
	}
	if tls == "" {
		if status != 75 || !strings.Contains(line, "verdict=defer") || arrived {
			h.t.Errorf("%s: exit %d, arrived %v, %s; want it deferred", domain, status, arrived, line)
		}
		return
	}
	if status != 0 || !strings.Contains(line, "verdict=accept") || !strings.Contains(line, " tls="+tls) || !arrived {
		h.t.Errorf("%s: exit %d, arrived %v, %s; want tls=%s", domain, status, arrived, line, tls)
	}
}

// serverKey is the TLSA data for the key of the host's certificate.
func (h *tlsHost) serverKey() string {
	h.t.Helper()
	text, err := os.ReadFile(h.etc("mx.pem"))
	if err != nil {
		h.t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprintf("3 1 1 %x", sha256.Sum256(c.RawSubjectPublicKeyInfo))
}

// TestDANEOutward: smtp obeys TLSA records of signed zones, of nsd behind
// unbound, and nothing else that looks like it.
func TestDANEOutward(t *testing.T) {
	h := newTLSHost(t, nil)
	_, port, _ := net.SplitHostPort(h.addr)
	tlsa := func(data string) string {
		return fmt.Sprintf("@ IN MX 5 mx\nmx IN A 127.0.0.1\n_%s._tcp.mx IN TLSA %s\n", port, data)
	}
	right, wrong := h.serverKey(), "3 1 1 "+strings.Repeat("00", 32)
	server := dnstest.StartValidating(t, Need,
		dnstest.Zone{Name: "right.example", Signed: true, Text: tlsa(right)},
		dnstest.Zone{Name: "wrong.example", Signed: true, Text: tlsa(wrong)},
		dnstest.Zone{Name: "useless.example", Signed: true, Text: tlsa("1 1 1 " + strings.Repeat("00", 32))},
		dnstest.Zone{Name: "forged.example", Signed: true, Text: tlsa(wrong), Spoil: func(zone string) string {
			return strings.ReplaceAll(zone, wrong, right)
		}},
		dnstest.Zone{Name: "plain.example", Text: tlsa(wrong)},
	)
	for domain, tls := range map[string]string{
		"right.example":   "dane:TLSv1.3",
		"wrong.example":   "",
		"useless.example": "unverified:TLSv1.3",
		"forged.example":  "",
		"plain.example":   "unverified:TLSv1.3",
	} {
		line, status := h.bring(program(t, "smtp"), domain, "-r", server.String())
		h.wantBrought(line, status, domain, tls)
	}
}

// policySite is an HTTPS server that has a policy for each domain.
type policySite struct {
	policies map[string]string // by domain
	asked    atomic.Int32
	server   *httptest.Server
	ca       *smtptest.Authority
}

func startPolicySite(t *testing.T, policies map[string]string) *policySite {
	s := &policySite{policies: policies, ca: smtptest.NewAuthority(t, "policies")}
	var names []string
	for domain := range policies {
		names = append(names, "mta-sts."+domain)
	}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, s.policies[strings.TrimPrefix(r.Host, "mta-sts.")])
	}))
	s.server.TLS = &tls.Config{Certificates: []tls.Certificate{s.ca.Server(names...)}}
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	return s
}

// installSMTP puts smtp into a folder of its own, beside a mtasts that goes to
// the site, since port 443 and the system's authorities are not ours.
func (h *tlsHost) installSMTP(s *policySite) (smtp string) {
	h.t.Helper()
	h.write("ca.pem", string(s.ca.PEM()))
	text, err := os.ReadFile(program(h.t, "smtp"))
	if err != nil {
		h.t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\nexec %s --connect %s --ca %s \"$@\"\n",
		program(h.t, "mtasts"), s.server.Listener.Addr(), filepath.Join(h.root, "ca.pem"))
	h.write("bin/smtp", string(text))
	h.write("bin/mtasts", script)
	for _, name := range []string{"bin/smtp", "bin/mtasts"} {
		if err := os.Chmod(filepath.Join(h.root, name), 0o755); err != nil {
			h.t.Fatal(err)
		}
	}
	return filepath.Join(h.root, "bin/smtp")
}

// TestSTSOutward: smtp obeys MTA-STS policies, which it fetches once and keeps.
func TestSTSOutward(t *testing.T) {
	h := newTLSHost(t, nil)
	t.Setenv("SSL_CERT_FILE", h.etc("servers.pem"))
	const policy = "version: STSv1\nmode: %s\nmx: %s\nmax_age: 86400\n"
	site := startPolicySite(t, map[string]string{
		"good.example":    fmt.Sprintf(policy, "enforce", hostname),
		"wrong.example":   fmt.Sprintf(policy, "enforce", "stranger.test"),
		"missing.example": fmt.Sprintf(policy, "enforce", "*.example"),
		"testing.example": fmt.Sprintf(policy, "testing", "stranger.test"),
		"broken.example":  "out of order",
	})
	zone := hostname + ". IN A 127.0.0.1\nstranger.test. IN A 127.0.0.1\n"
	for domain, mx := range map[string]string{
		"good.example": hostname, "wrong.example": "stranger.test", "missing.example": hostname,
		"testing.example": "stranger.test", "broken.example": hostname,
	} {
		zone += fmt.Sprintf("%s. IN MX 5 %s.\n_mta-sts.%[1]s. IN TXT \"v=STSv1; id=1;\"\n", domain, mx)
	}
	zone += "none.example. IN MX 5 stranger.test.\n"
	h.write("zone", zone)
	smtp := h.installSMTP(site)
	bring := func(domain, tls string) {
		t.Helper()
		line, status := h.bring(smtp, domain, "-z", filepath.Join(h.root, "zone"))
		h.wantBrought(line, status, domain, tls)
	}
	bring("good.example", "sts:TLSv1.3")
	bring("wrong.example", "")
	bring("missing.example", "")
	bring("testing.example", "unverified:TLSv1.3")
	bring("broken.example", "unverified:TLSv1.3")
	bring("none.example", "unverified:TLSv1.3")
	if n := site.asked.Load(); n != 5 {
		t.Errorf("%d policies were fetched, want 5", n)
	}
	// From now on what is known has to do.
	site.server.Close()
	bring("good.example", "sts:TLSv1.3")
	bring("wrong.example", "")
}

// TestVerifiedOutward: what the operator asks of TLS, by authorities and by
// pins.
func TestVerifiedOutward(t *testing.T) {
	h := newTLSHost(t, nil)
	t.Setenv("SSL_CERT_FILE", h.etc("servers.pem"))
	h.write("zone", fmt.Sprintf("named.example. IN MX 5 %s.\n%[1]s. IN A 127.0.0.1\n"+
		"strange.example. IN MX 5 stranger.test.\nstranger.test. IN A 127.0.0.1\n"+
		"pinned.example. IN MX 5 stranger.test.\nelse.example. IN MX 5 stranger.test.\n", hostname))
	key := strings.Fields(h.serverKey())[3]
	h.write("pins", "key sha256="+key+"\n")
	h.write("others", "x509 sha256="+key+"\nkey sha256="+key+" host=other.test\n")
	for _, tt := range []struct{ domain, option, value, tls string }{
		{"named.example", "--tls", "verify", "webpki:TLSv1.3"},
		{"strange.example", "--tls", "verify", ""},
		{"pinned.example", "--pins", "pins", "pin:TLSv1.3"},
		{"else.example", "--pins", "others", ""},
	} {
		line, status := h.bring(program(t, "smtp"), tt.domain, "-z", "zone", tt.option, tt.value)
		h.wantBrought(line, status, tt.domain, tt.tls)
	}
}
