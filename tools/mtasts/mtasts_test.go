package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/smtptest"
)

const goodPolicy = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"

const zone = `
example.com.              IN MX 10 mail.example.com.
example.com.              IN MX 20 old.example.com.
_mta-sts.example.com.     IN TXT "v=STSv1; id=20260101T000000;"
_mta-sts.example.net.     IN TXT "v=STSv1; id=1;"
_mta-sts.unknown.example. IN TXT "v=STSv1; id=1;"
_mta-sts.local.example.   IN TXT "v=STSv1; id=1;"
mta-sts.local.example.    IN A 127.0.0.1
mta-sts.down.example.     IN A 127.0.0.1
none.example.             IN A 192.0.2.1
;! servfail broken.example
;! servfail mta-sts.down.example
`

// site is an HTTPS server for policies, with an authority of its own.
type site struct {
	ca, zone, address string
	handler           http.HandlerFunc

	mu    sync.Mutex
	asked []string
}

func startSite(t *testing.T, names ...string) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{ca: filepath.Join(dir, "ca.pem"), zone: filepath.Join(dir, "zone")}
	ca := smtptest.NewAuthority(t, "ca")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.Host+r.URL.Path)
		s.mu.Unlock()
		s.handler(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Server(names...)}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	s.address = server.Listener.Addr().String()
	for file, text := range map[string][]byte{
		s.ca:   pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Cert.Raw}),
		s.zone: []byte(zone),
	} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// use runs the program against the site.
func (s *site) use(args ...string) (status int, out, errs string) {
	var stdout, stderr bytes.Buffer
	args = append([]string{"-z", s.zone, "--ca", s.ca, "--connect", s.address}, args...)
	status = run(args, nil, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func answer(code int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Location", "https://mta-sts.example.com/elsewhere")
		w.WriteHeader(code)
		w.Write([]byte(body))
	}
}

func TestFetch(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		domain  string
		status  int
		want    string // the policy, or the words of the error
	}{
		{"good", answer(200, "text/plain", goodPolicy), "Example.COM", 0, goodPolicy},
		{"with a character set", answer(200, "text/plain; charset=utf-8", goodPolicy), "example.com", 0, goodPolicy},
		{"elsewhere", answer(301, "text/plain", goodPolicy), "example.com", 69, "the server has no policy: the server answers 301"},
		{"elsewhere for now", answer(307, "text/plain", goodPolicy), "example.com", 69, "the server has no policy: the server answers 307"},
		{"not here", answer(404, "text/plain", goodPolicy), "example.com", 69, "the server has no policy: the server answers 404"},
		{"no longer all", answer(206, "text/plain", goodPolicy), "example.com", 69, "the server has no policy: the server answers 206"},
		{"broken", answer(503, "text/plain", goodPolicy), "example.com", 75, "the server answers 503"},
		{"a page", answer(200, "text/html", goodPolicy), "example.com", 69, `the server has no policy: its type is "text/html", not text/plain`},
		{"nothing of a type", answer(200, "", goodPolicy), "example.com", 69, `the server has no policy: its type is "", not text/plain`},
		{"nonsense", answer(200, "text/plain", "hello"), "example.com", 65, `not an MTA-STS policy: line 1: "hello" is not a name and a value`},
		{"too large", answer(200, "text/plain", goodPolicy+strings.Repeat("a: b\n", 20<<10)), "example.com", 65, "not an MTA-STS policy: more than 65536 octets"},
		{"another's certificate", answer(200, "text/plain", goodPolicy), "example.net", 69, "certificate is valid for mta-sts.example.com, not mta-sts.example.net"},
		{"no domain", answer(200, "text/plain", goodPolicy), "exa mple", 65, "not the name of a domain"},
		{"a path", answer(200, "text/plain", goodPolicy), "example.com/x", 65, "not the name of a domain"},
		{"an address", answer(200, "text/plain", goodPolicy), "[192.0.2.1]", 65, "not the name of a domain"},
	}
	s := startSite(t, "mta-sts.example.com")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.handler = tt.handler
			status, out, errs := s.use("-f", tt.domain)
			got := out
			if status != 0 {
				got = strings.TrimSpace(errs)
			}
			if status != tt.status || !strings.HasSuffix(got, tt.want) || status != 0 && out != "" {
				t.Errorf("exit %d, %q, %q; want %d, %q", status, out, errs, tt.status, tt.want)
			}
		})
	}
	for _, asked := range s.asked {
		if asked != "GET mta-sts.example.com/.well-known/mta-sts.txt" {
			t.Errorf("the server was asked to %s", asked)
		}
	}
}

func TestShow(t *testing.T) {
	s := startSite(t, "mta-sts.example.com", "mta-sts.none.example")
	s.handler = answer(200, "text/plain", goodPolicy)
	status, out, errs := s.use("example.com", "none.example", "broken.example", "example.net", "-")
	const want = `example.com
	id       20260101T000000
	policy   https://mta-sts.example.com/.well-known/mta-sts.txt
	mode     enforce
	max_age  604800 (7 days)
	mx       mail.example.com
	mx       *.example.net
	host     10 mail.example.com: in the policy
	host     20 old.example.com: NOT in the policy
`
	const wantErrs = `mtasts: none.example: has no MTA-STS policy: no TXT record at _mta-sts.none.example has an id
mtasts: broken.example: _mta-sts.broken.example TXT: temporary error: the zone file says so
mtasts: example.net: the server has no policy: Get "https://mta-sts.example.net/.well-known/mta-sts.txt": tls: failed to verify certificate: x509: certificate is valid for mta-sts.example.com, mta-sts.none.example, not mta-sts.example.net
mtasts: -: not the name of a domain
`
	if status != 68 || out != want || errs != wantErrs {
		t.Errorf("exit %d\n%s%s\nwant 68\n%s%s", status, out, errs, want, wantErrs)
	}
}

// Where the DNS says where to go, nobody is sent to this host itself.
func TestDial(t *testing.T) {
	s := startSite(t, "mta-sts.local.example")
	for domain, want := range map[string]struct {
		status int
		errs   string
	}{
		"local.example":   {69, "the address of mta-sts.local.example is not one that others can reach"},
		"unknown.example": {68, "mta-sts.unknown.example: no such host"},
		"down.example":    {75, "mta-sts.down.example: temporary error"},
	} {
		var stdout, stderr bytes.Buffer
		status := run([]string{"-z", s.zone, "-f", domain}, nil, &stdout, &stderr)
		if status != want.status || !strings.Contains(stderr.String(), want.errs) {
			t.Errorf("%s: exit %d, %s; want %d, %s", domain, status, stderr.String(), want.status, want.errs)
		}
	}
}

func TestPlan(t *testing.T) {
	var stdout, stderr bytes.Buffer
	status := run([]string{"-n", "Bücher.example."}, nil, &stdout, &stderr)
	const want = `xn--bcher-kva.example
	TXT      _mta-sts.xn--bcher-kva.example
	policy   https://mta-sts.xn--bcher-kva.example/.well-known/mta-sts.txt
	MX       xn--bcher-kva.example
`
	if status != 0 || stdout.String() != want || stderr.Len() > 0 {
		t.Errorf("exit %d\n%s%s", status, &stdout, &stderr)
	}
}

// A server that takes its time has none left in the end.
func TestTime(t *testing.T) {
	s := startSite(t, "mta-sts.example.com")
	s.handler = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write([]byte("version: STSv1\n"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	roots, err := readRoots(s.ca)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	f := fetcher{resolver: dns.FromSystem(), roots: roots, connect: s.address}
	if text, err := f.fetch(ctx, "example.com"); !errors.Is(err, context.DeadlineExceeded) || status(err) != 75 {
		t.Errorf("%q, %v", text, err)
	}
}

func TestUsage(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for _, tt := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 64, "mtasts: which domain?"},
		{[]string{"-x", "a.example"}, 64, "mtasts: unknown option -x"},
		{[]string{"--connect", "host", "a.example"}, 64, `mtasts: option --connect: "host" is not address:port`},
		{[]string{"-r", "host", "a.example"}, 64, `mtasts: "host" is not the address of a name server`},
		{[]string{"--ca", none, "a.example"}, 66, "mtasts: --ca: open " + none},
		{[]string{"--ca", "main.go", "a.example"}, 66, "mtasts: --ca: main.go has no certificate"},
	} {
		var stdout, stderr bytes.Buffer
		status := run(tt.args, nil, &stdout, &stderr)
		if status != tt.status || !strings.HasPrefix(stderr.String(), tt.want) || stdout.Len() > 0 {
			t.Errorf("%q: exit %d, %s; want %d, %s", tt.args, status, &stderr, tt.status, tt.want)
		}
	}
	var stdout bytes.Buffer
	if status := run([]string{"-V"}, nil, &stdout, nil); status != 0 || !strings.HasPrefix(stdout.String(), "mtasts ") {
		t.Errorf("-V: exit %d, %s", status, &stdout)
	}
	if got := fmt.Sprint(days(36*time.Hour), " ", days(49*time.Hour)); got != "36h0m0s 2 days" {
		t.Error(got)
	}
}

// The page's examples work, against our site.
func TestExamples(t *testing.T) {
	page, err := os.ReadFile("mtasts.1")
	if err != nil {
		t.Fatal(err)
	}
	s := startSite(t, "mta-sts.example.com")
	s.handler = answer(200, "text/plain", goodPolicy)
	here := strings.NewReplacer("127.0.0.1:8443", s.address, "ca.pem", s.ca)
	n := 0
	for line := range strings.Lines(string(page)) {
		command, ok := strings.CutPrefix(line, ".Dl mtasts ")
		if !ok {
			continue
		}
		n++
		var stdout, stderr bytes.Buffer
		if status := run(strings.Fields(here.Replace(command)), nil, &stdout, &stderr); status != 0 || stdout.Len() == 0 {
			t.Errorf("%s: exit %d, %s", command, status, &stderr)
		}
	}
	if n == 0 {
		t.Error("no examples")
	}
}
