package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNoWait: what the collector has seen already is found without waiting.
func TestNoWait(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "conf")
	writeFile(t, conf, "SynFpWait 0\n")
	c, path := startCollector(t, 10)
	c.add(aSYN(t, "192.0.2.1:4242"), time.Now())
	status, out, errs := call("client_address=192.0.2.1 client_port=4242\nclient_address=192.0.2.2\n", "--socket", path, "-C", conf)
	if status != 0 || strings.Count(out, "syn_fingerprint="+usual) != 1 || strings.Contains(out, "error=") {
		t.Errorf("%d, %q, %q", status, out, errs)
	}
}

// TestFilterAsks: records without a fingerprint get the collector's, and with
// -P Postfix does; those whose SYN was not seen go out as they came, soon.
func TestFilterAsks(t *testing.T) {
	root := t.TempDir()
	t.Setenv("POSTERN_ROOT", root)
	writeFile(t, root+"/conf", "SynFpWait 50\n")
	c, path := startCollector(t, 10)
	c.add(aSYN(t, "192.0.2.1:4242"), time.Now())
	c.add(aSYN(t, "[2001:db8::1]:4242"), time.Now().Add(-time.Hour))
	const found = "syn_fingerprint=" + usual + ` syn_os="Linux 4.20 or later"`
	const server = " server_address=192.0.2.9 server_port=25"
	for in, want := range map[string]string{
		"client_address=192.0.2.1 client_port=4242" + server:                               found,
		"client_address=192.0.2.1 client_port=4242":                                        found,
		"client_address=192.0.2.1":                                                         found,
		"client_address=::ffff:192.0.2.1 client_port=4242":                                 found,
		"client_address=2001:db8::1 client_port=4242" + server:                             found,
		"client_address=2001:db8::1 client_port=4242 server_address=fd00::1 server_port=9": "",
		"client_address=192.0.2.1 client_port=1":                                           "",
		"client_address=192.0.2.7 client_port=4242 syn_os=forged":                          "",
		"client_address=192.0.2.7 syn_fingerprint=8192:120:1:52:M1460,N,W8,N,N,S":          `syn_os="Windows 7 or 8"`,
	} {
		status, out, errs := call(in+"\n", "--socket", path, "-C", root+"/conf")
		if status != 0 || errs != "" || strings.Contains(out, "error=") || !strings.Contains(out, want) ||
			want == "" && strings.TrimSpace(out) != strings.TrimSuffix(in, " syn_os=forged") {
			t.Errorf("%s: %d %q %q, want %q", in, status, out, errs, want)
		}
		const asked = "request=smtpd_access_policy\n"
		block := asked + strings.ReplaceAll(in, " ", "\n") + "\n\n"
		action := "action=DUNNO\n\n"
		if want == found {
			action = "syn-fingerprint=" + usual
		}
		if status, out, errs := call(block, "-P", "--socket", path, "-C", root+"/conf"); status != 0 || errs != "" || !strings.Contains(out, action) && !strings.Contains(in, "syn_") {
			t.Errorf("-P, %s: %d %q %q", in, status, out, errs)
		}
	}
}
