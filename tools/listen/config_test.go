package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/conf"
	"postern/lib/place"
)

var localhost = netip.MustParseAddr("127.0.0.1")

// noPlaces is an instance that has no files.
func noPlaces(t testing.TB) place.Places { return place.New(t.TempDir()) }

// load reads a configuration in a dialect, with flags.
func load(t *testing.T, dialect conf.Dialect, text string, args ...string) (*config, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "conf")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := parseFlags(append(append(args, "-C", string(dialect)+":"+name), program(t, "as-echo")...))
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := loadConfig(f, noPlaces(t))
	return c, err
}

func TestTable(t *testing.T) {
	if err := defaultConfig(new(flags), noPlaces(t)).directives().Verify(); err != nil {
		t.Error(err)
	}
}

// TestOldNames has a setting under each of its names.
func TestOldNames(t *testing.T) {
	for _, tt := range []struct {
		dialect conf.Dialect
		text    string
		want    string // a line of --check
	}{
		{conf.Native, "", "MaxClients 400"},
		{conf.Native, "MaxClients 7", "MaxClients 7"},
		{conf.Native, "MaxClients 0", "MaxClients 400"}, // as smtpd --check has it where nothing is said
		{conf.Native, "MaxConPerIP 0", "MaxConPerIP 50"},
		{conf.Native, "max-parallel-connections 7", "MaxClients 7"},
		{conf.Native, "MaxSameIpSource 7", "MaxConPerIP 7"},
		{conf.Native, "same-ip-source-parallel-max 7", "MaxConPerIP 7"},
		{conf.Native, "BindAddress iface:lo 2525", "BindAddr iface:lo 2525"},
		{conf.Native, "Workers 4", "Workers 4:1000:1"},
		{conf.Native, "ProxyNetworks 192.0.2.0/24 2001:db8::/32", "ProxyNetworks 192.0.2.0/24 2001:db8::/32"},
		{conf.Avenger, "", "BindAddr 0.0.0.0 25"},
		{conf.Avenger, "", "MaxClients 60"},
		{conf.Avenger, "BindAddr 127.0.0.2 2525", "BindAddr 127.0.0.2 2525"},
		{conf.Avenger, "MaxConPerIP 2", "MaxConPerIP 2"},
		{conf.ZMailer, "", "MaxClients 800"},
		{conf.ZMailer, "PARAM MaxSameIpSource 10", "MaxConPerIP 10"},
		{conf.ZMailer, "PARAM BindAddress [IPv6.0::0]", "BindAddr [IPv6.0::0]"},
		{conf.ZMailer, "PARAM ListenQueueSize 10\n* ve", "ListenQueueSize 10"},
		{conf.ZMailer, "PARAM TcpRcvBufferSize 32000", "TcpRcvBufferSize 32000"},
		{conf.Proxsmtpd, "", "BindAddr 10025"},
		{conf.Proxsmtpd, "Listen: 127.0.0.1:2525", "BindAddr 127.0.0.1:2525"},
		{conf.Proxsmtpd, "MaxConnections: 2", "MaxClients 2"},
	} {
		c, err := load(t, tt.dialect, tt.text)
		if err != nil {
			t.Errorf("%s: %q: %v", tt.dialect, tt.text, err)
			continue
		}
		var b bytes.Buffer
		if c.report(&b, &b) != 0 || !strings.Contains("\n"+b.String(), "\n"+tt.want+"  #") {
			t.Errorf("%s: %q gives\n%s\nwithout %s", tt.dialect, tt.text, &b, tt.want)
		}
	}
}

func TestFlagsWin(t *testing.T) {
	c, err := load(t, conf.Native, "MaxClients 7\nMaxConPerIP 7\nWorkers 7\nBindPort 7\nMaxLoad 7\nBindAddr 192.0.2.7\nListenQueueSize 7",
		"-c", "1", "-m", "2", "-w", "3:4:5", "-p", "6", "-L", "0", "-b", "9", "--proxy", "192.0.2.1", "--proxy", "192.0.2.2")
	if err != nil {
		t.Fatal(err)
	}
	if c.total != 1 || c.each != 2 || c.workers != (workers{3, 4, 5}) || c.port != 6 || c.load != 10 || c.backlog != 9 {
		t.Errorf("in force is %+v", c)
	}
	if !c.fromProxy(netip.MustParseAddr("192.0.2.2")) || c.fromProxy(netip.MustParseAddr("192.0.2.3")) {
		t.Errorf("proxies are %v", c.proxies)
	}
	want, err := c.wanted()
	if err != nil || len(want) != 1 || want[0].String() != "192.0.2.7:6" {
		t.Errorf("wanted are %v, %v", want, err)
	}
}

func TestParseWorkers(t *testing.T) {
	for _, tt := range []struct {
		text string
		want workers
	}{
		{"0", workers{0, 1000, 1}},
		{"8", workers{8, 1000, 1}},
		{"8:0", workers{8, 0, 1}},
		{"8:100:20", workers{8, 100, 20}},
	} {
		got, err := parseWorkers(tt.text)
		if got != tt.want || err != nil {
			t.Errorf("parseWorkers(%s) = %v, %v", tt.text, got, err)
		}
		if again, _ := parseWorkers(got.String()); again != got {
			t.Errorf("%s is read as %v", got, again)
		}
	}
	for _, text := range []string{"", "-1", "1001", "8:", "8::1", "8:1:0", "8:1:1:1", "x", "8:99999999999"} {
		if got, err := parseWorkers(text); err == nil {
			t.Errorf("parseWorkers(%q) = %v", text, got)
		}
	}
}

// TestManualListsDirectives compares listen(8) with the table of directives.
// POSTERN_UPDATE=1 writes the table's list into the page.
func TestManualListsDirectives(t *testing.T) {
	const page = "listen.8"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	front, rest, ok := strings.Cut(string(text), ".\\\" begin: the table of config.go\n")
	_, back, ok2 := strings.Cut(rest, ".\\\" end\n")
	if !ok || !ok2 {
		t.Fatalf("%s does not mark the list of directives", page)
	}
	var want bytes.Buffer
	if err := defaultConfig(new(flags), place.New("")).directives().Mdoc(&want); err != nil {
		t.Fatal(err)
	}
	updated := front + ".\\\" begin: the table of config.go\n" + want.String() + ".\\\" end\n" + back
	if updated == string(text) {
		return
	}
	if os.Getenv("POSTERN_UPDATE") != "1" {
		t.Fatalf("%s does not list what config.go has; run POSTERN_UPDATE=1 go test ./tools/listen -run Manual", page)
	}
	if err := os.WriteFile(page, []byte(updated), 0o644); err != nil {
		t.Fatal(err)
	}
}
