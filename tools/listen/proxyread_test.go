package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
)

func TestProxyHeaderNamesClient(t *testing.T) {
	for _, kind := range []string{"as-echo", "as-worker"} {
		t.Run(kind, func(t *testing.T) {
			args := []string{"--proxy", "127.0.0.1", "127.0.0.1:0"}
			if kind == "as-worker" {
				args = append([]string{"-w", "1:0:10"}, args...)
			}
			d := start(t, t.TempDir(), with(program(t, kind), args...)...)
			for _, tt := range proxyHeaders {
				c := dial(t, d.addr(1))
				half := len(tt.header) / 2
				fmt.Fprint(c, tt.header[:half])
				fmt.Fprint(c, tt.header[half:]+"behind\n")
				words := strings.Fields(firstLine(t, c))
				want := "127.0.0.1"
				if tt.client != "" {
					want, _, _ = net.SplitHostPort(tt.client)
				}
				if len(words) == 3 && words[2] != want {
					t.Errorf("%s: the client is %s, want %s", tt.name, words[2], want)
				}
				if got := firstLine(t, c); got != "behind" {
					t.Errorf("%s: behind the header is %q", tt.name, got)
				}
				c.Close()
			}
		})
	}
}

func TestProxyTellsEnvironment(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-env"), "--proxy", "127.0.0.1", "127.0.0.1:0")...)
	c := dial(t, d.addr(1))
	fmt.Fprint(c, "PROXY TCP6 2001:db8::1 2001:db8::2 1 25\r\n")
	got := all(t, c)
	for _, want := range []string{
		"POSTERN_PEER=client_address=2001:db8::1 client_port=1 server_address=2001:db8::2 server_port=25\n",
		"PROTO=TCP6\n", "TCP6REMOTEIP=2001:db8::1\n", "TCPREMOTEIP=2001:db8::1\n", "TCPLOCALPORT=25\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("environment is\n%s, without %s", got, want)
		}
	}
}

// TestProxyLimitsClients: sessions are counted for the client that the header
// names, not for the proxy.
func TestProxyLimitsClients(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-echo"), "-m", "1", "--proxy", "127.0.0.1", "127.0.0.1:0")...)
	through := func(client string) string {
		c := dial(t, d.addr(1))
		fmt.Fprintf(c, "PROXY TCP4 %s 192.0.2.9 1 25\r\n", client)
		return firstLine(t, c)
	}
	for i, want := range []string{"hello", "450-4.7.0"} {
		if got := through("192.0.2.1"); !strings.HasPrefix(got, want) {
			t.Errorf("number %d is told %q, want %s", i+1, got, want)
		}
	}
	if got := through("192.0.2.2"); !strings.HasPrefix(got, "hello") {
		t.Errorf("another client is told %q", got)
	}
}

func TestProxyOnlyFromItsNetworks(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir(), with(program(t, "as-echo"), "--proxy", "127.0.0.2/32", "127.0.0.1:0")...)
	c, _ := greeting(t, d.addr(1)) // not from there: greeted without a header
	say(t, c, "PROXY TCP4 192.0.2.1 192.0.2.9 49152 25")
	silent := dialFrom(t, "127.0.0.2", d.addr(1)) // from there: its header is waited for
	broken := dialFrom(t, "127.0.0.2", d.addr(1))
	fmt.Fprint(broken, "EHLO mx.example.org\r\n")
	if got := all(t, broken); got != "" {
		t.Errorf("without a header one is told %q", got)
	}
	if r := d.logged("no_proxy_header", 1); r.Value("client_address") != "127.0.0.2" {
		t.Errorf("the log says %s", r.String())
	}
	if got := all(t, silent); got != "" {
		t.Errorf("in silence one is told %q", got)
	}
}

// TestProxiesDoNotBlock: headers that do not come keep nobody waiting.
func TestProxiesDoNotBlock(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-echo"), "--proxy", "127.0.0.2", "127.0.0.1:0")...)
	for range 50 {
		fmt.Fprint(dialFrom(t, "127.0.0.2", d.addr(1)), "PROXY ")
	}
	c, words := greeting(t, d.addr(1))
	if _, err := strconv.Atoi(words[1]); err != nil {
		t.Error(err)
	}
	c.Close()
}
