package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDANE has the DNS, with DNSSEC vouching for it, tell the certificate.
func TestDANE(t *testing.T) {
	config := serverTLS(t)
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
