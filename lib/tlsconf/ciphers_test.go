package tlsconf

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
	"time"
)

// gcm128 are the suites that ECDHE+AESGCM+AES128 means.
var gcm128 = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}

func TestParseCiphers(t *testing.T) {
	tests := []struct {
		in    string
		count int
		some  []uint16
		notes string
	}{
		{"ALL", 10, gcm128, ""},
		{"ALL:!ADH:!LOW:!EXP:!MD5:@STRENGTH", 10, gcm128, "means nothing here: ADH LOW EXP MD5; the order is the library's: @STRENGTH"},
		{"ECDHE+AESGCM+AES128", 2, gcm128, ""},
		{"HIGH:!aECDSA:!SHA1:!CHACHA20", 2, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, ""},
		{"ECDHE-RSA-AES128-GCM-SHA256", 1, gcm128[1:], ""},
		{"ECDHE-RSA-AES128-GCM-SHA256 DES-CBC3-SHA,RC4-MD5", 1, gcm128[1:], "means nothing here: DES-CBC3-SHA RC4-MD5"},
		{"AES128-SHA", 1, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, ""},
		{"AES128", 4, gcm128, ""},
		{"kRSA+AESGCM", 2, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}, ""},
		{"ALL:-SHA1:ECDHE-RSA-AES128-SHA", 7, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}, ""},
		{"!SHA1:ALL:ECDHE-RSA-AES128-SHA", 6, gcm128, "means nothing here: ECDHE-RSA-AES128-SHA"},
		{"DEFAULT@SECLEVEL=0:ALL", 10, gcm128, "means nothing here: DEFAULT@SECLEVEL=0"},
		{"@SECLEVEL=1:ALL:+AES128:TLS_AES_128_GCM_SHA256", 10, gcm128, "means nothing here: @SECLEVEL=1; the order is the library's: +AES128; TLS 1.3 has its own list: TLS_AES_128_GCM_SHA256"},
	}
	for _, test := range tests {
		got, notes, err := ParseCiphers(test.in)
		if err != nil || len(got) != test.count {
			t.Errorf("%s: got %d suites, %v, want %d", test.in, len(got), err, test.count)
		}
		for _, id := range test.some {
			if !slices.Contains(got, id) {
				t.Errorf("%s: no %s", test.in, tls.CipherSuiteName(id))
			}
		}
		if text := strings.Join(notes, "; "); text != test.notes {
			t.Errorf("%s: notes %q, want %q", test.in, text, test.notes)
		}
	}
	for _, in := range []string{"", "RC4", "ALL:!ALL", "!AES", "eNULL:aNULL", "TLS_AES_128_GCM_SHA256"} {
		if got, _, err := ParseCiphers(in); err == nil || !strings.Contains(err.Error(), "no cipher of TLS 1.2") {
			t.Errorf("%q: got %v, %v", in, got, err)
		}
	}
}

// What a string chooses is spoken, and nothing else is.
func TestCiphersAreSpoken(t *testing.T) {
	cert, key := writePair(t, t.TempDir(), "mx.example", time.Now())
	ids, _, err := ParseCiphers("ECDHE-ECDSA-CHACHA20-POLY1305")
	if err != nil {
		t.Fatal(err)
	}
	o := one(cert, key)
	o.Ciphers = ids
	server := settings(t, o)
	client := Policy{}.Config()
	client.MaxVersion = tls.VersionTLS12
	if state, err := shake(t, server, client); err != nil || state.CipherSuite != ids[0] {
		t.Errorf("got %s, %v", tls.CipherSuiteName(state.CipherSuite), err)
	}
	client.CipherSuites = gcm128
	if _, err := shake(t, server, client); err == nil {
		t.Error("a suite that was not chosen is spoken")
	}
}

func FuzzParseCiphers(f *testing.F) {
	f.Add("ALL:!ADH:!LOW:!EXP:!MD5:@STRENGTH")
	f.Add("+:!:-:@:++:ALL+")
	f.Fuzz(func(t *testing.T, s string) {
		ids, _, err := ParseCiphers(s)
		if (err == nil) != (len(ids) > 0) {
			t.Errorf("%d suites, error %v", len(ids), err)
		}
		for i, id := range ids {
			if slices.Contains(ids[:i], id) {
				t.Errorf("%#x twice", id)
			}
		}
	})
}
