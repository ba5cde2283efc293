package main

import (
	"crypto/tls"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// secureTalk is a session in which TLS begins.
const secureTalk = hi + "C: STARTTLS\nS: 220 *\nTLS\nC: EHLO client.example\nS: 250-...\nS: 250 *\n"

// TestTLSSettings shows what the settings of TLS make of a handshake, each
// beside what it would be without.
func TestTLSSettings(t *testing.T) {
	for _, c := range []struct {
		line string
		want string
	}{
		{"SSLciphers ALL", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"SSLciphers CHACHA20", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
		{"TLSMinVersion 1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"TLSMinVersion 1.3", "none"},
	} {
		w := newTLSWorld(t, c.line)
		got := "none"
		config := tlsClient(nil)
		config.MaxVersion = tls.VersionTLS12
		conn := startTLS(t, w.instance, config)
		if conn.Handshake() == nil {
			got = tls.CipherSuiteName(conn.ConnectionState().CipherSuite)
		}
		if strings.ReplaceAll(got, "_RSA_", "_ECDSA_") != c.want {
			t.Errorf("%s: %s, want %s", c.line, got, c.want)
		}
	}
}

// TestTLSTickets shows when a client goes on with the keys of its last session.
func TestTLSTickets(t *testing.T) {
	for _, c := range []struct {
		line  string
		later time.Duration
		want  bool
	}{
		{"TicketKeys tickets", 0, true},
		{`TicketKeys ""`, 0, false},
		{"TicketLife 9h", 3 * time.Hour, true},
		{"TicketLife 1h", 3 * time.Hour, false},
	} {
		w := newTLSWorld(t, c.line)
		resumed := false
		config := tlsClient(nil)
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		config.ServerName = "mx.test"
		config.VerifyConnection = func(s tls.ConnectionState) error { resumed = s.DidResume; return nil }
		talkTLS(t, w.instance, stranger, config, secureTalk+bye)
		w.now = func() time.Time { return time.Now().Add(c.later) }
		talkTLS(t, w.instance, stranger, config, secureTalk+bye)
		if resumed != c.want {
			t.Errorf("%s: after %v resumed is %v", c.line, c.later, resumed)
		}
	}
}

// TestTLSCertDepth has a client whose certificate is one authority further off.
func TestTLSCertDepth(t *testing.T) {
	for line, want := range map[string]string{"TLSCertDepth 1": "550", "TLSCertDepth 2": "250"} {
		w := newTLSWorld(t, "SSL 2", line, "rcvd-tls-peer")
		w.etc(t, "cacert.pem", w.ours.PEM())
		below := w.ours.Sub("below")
		c := below.Client("Client One")
		c.Certificate = append(c.Certificate, below.Cert.Raw)
		talkTLS(t, w.instance, stranger, tlsClient(&c), relayTry(want))
		talkTLS(t, w.instance, stranger, tlsClient(&c), secureTalk+wholeMail+bye)
		said := strings.Contains(unfolded(w.mailbox(t, "bob")), `TLS-PEER-CN1: "`)
		if said != (want == "250") {
			t.Errorf("%s: rcvd-tls-peer put a name into Received: %v", line, said)
		}
	}
}

// TestListenSSMTP is about port 465.
func TestListenSSMTP(t *testing.T) {
	w := newTLSWorld(t, "ListenSSMTP")
	talkTLS(t, w.instance, stranger, tlsClient(nil), hi+bye)
	p := stranger
	p.server = netip.AddrPortFrom(p.server.Addr(), 465)
	talkTLS(t, w.instance, p, tlsClient(nil), "TLS\n"+hi+bye)
}
