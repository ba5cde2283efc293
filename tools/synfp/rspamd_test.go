package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/synfp"
)

// rspamdConf has rspamd(8) do nothing but ask p0f.
const rspamdConf = `
options {
	pidfile = "DIR/pid"; tempdir = "DIR"; dbdir = "DIR"; cache_file = "DIR/cache"; url_tld = "DIR/tld";
	filters = ""; explicit_modules = ["p0f"]; disable_hyperscan = true; dns { nameserver = ["127.0.0.1"]; }
}
logging { type = "console"; level = "info"; }
worker "normal" { bind_socket = "ADDR"; count = 1; }
modules { path = "/usr/share/rspamd/plugins/p0f.lua"; }
lua = "/usr/share/rspamd/rules/rspamd.lua";
p0f { enabled = true; socket = "SOCKET"; symbol = "P0F"; patterns { WINDOWS = "^Windows.*"; DSL = "^link=DSL$"; NEAR = "^distance=8$"; } }
`

// startRspamd gives the address at which rspamd answers.
func startRspamd(t *testing.T, socket string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	conf := strings.NewReplacer("DIR", dir, "ADDR", addr, "SOCKET", socket).Replace(rspamdConf)
	for name, text := range map[string]string{"conf": conf, "tld": "example\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := new(logged)
	cmd := exec.Command("rspamd", "-f", "-i", "-c", filepath.Join(dir, "conf"))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	until(t, "rspamd answers", func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return addr
}

// rspamdSays is what rspamd makes of a message from a client.
func rspamdSays(t *testing.T, addr, client string) string {
	t.Helper()
	const message = "From: <ann@host.example>\r\nSubject: x\r\n\r\nx\r\n"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/checkv2", strings.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("IP", client)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRspamd: a real rspamd asks the collector.
func TestRspamd(t *testing.T) {
	e2e.Need(t, "rspamd")
	c, path := startCollector(t, 10)
	for client, text := range map[string]string{
		"203.0.113.9:1":    "64240:120:1:52:M1452,N,W8,N,N,S",
		"[2001:db8::9]:1":  "64240:57:1:72:M1432,N,W8,N,N,S",
		"203.0.113.10:999": usual,
	} {
		s := aSYN(t, client)
		var err error
		if s.Fingerprint, err = synfp.Parse(text); err != nil {
			t.Fatal(err)
		}
		c.add(s, time.Now())
	}
	addr := startRspamd(t, path)
	for _, tt := range []struct{ client, has, lacks string }{
		{"203.0.113.9", "WINDOWS DSL NEAR", "P0F"},
		{"203.0.113.10", "", "WINDOWS DSL NEAR P0F_FAIL"},
		{"203.0.113.11", "", "P0F WINDOWS"},
	} {
		text := rspamdSays(t, addr, tt.client)
		for word := range strings.FieldsSeq(tt.has) {
			if !strings.Contains(text, `"`+word+`"`) {
				t.Errorf("%s: no %s in %s", tt.client, word, text)
			}
		}
		for word := range strings.FieldsSeq(tt.lacks) {
			if strings.Contains(text, `"`+word) {
				t.Errorf("%s: %s in %s", tt.client, word, text)
			}
		}
	}
}

// TestHaraka asks with the octets of Haraka's plugin, which writes them in the
// order of little-endian hosts, and puts several questions into one packet.
func TestHaraka(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("Haraka asks p0f on little-endian hosts alone")
	}
	c, path := startCollector(t, 10)
	c.add(aSYN(t, "192.0.2.1:4242"), time.Unix(1000, 0))
	longer := aSYN(t, "[2001:db8::1]:4242")
	longer.Fingerprint, _ = synfp.Parse("64800:57:1:80:M1440,S,T,N,W7")
	c.add(longer, time.Unix(1000, 0))
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	four, six := netip.MustParseAddr("192.0.2.1").As4(), netip.MustParseAddr("2001:db8::1").As16()
	question := "\x01\x46\x30\x50\x04" + string(four[:]) + strings.Repeat("\x00", 12) + "\x01\x46\x30\x50\x06" + string(six[:])
	if _, err := io.WriteString(conn, question); err != nil {
		t.Fatal(err)
	}
	for _, client := range []string{"192.0.2.1", "2001:db8::1"} {
		reply := make([]byte, 232)
		if _, err := io.ReadFull(conn, reply); err != nil {
			t.Fatal(err)
		}
		text := func(from, to int) string { return strings.TrimRight(string(reply[from:to]), "\x00") }
		got := fmt.Sprintf("%x %x %d %s %s", binary.LittleEndian.Uint32(reply), binary.LittleEndian.Uint32(reply[4:]),
			int16(binary.LittleEndian.Uint16(reply[36:])), text(40, 72), text(72, 104))
		if want := "50304602 10 7 Linux 4.20"; got != want {
			t.Errorf("%s: %s, want %s", client, got, want)
		}
	}
}
