package spf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/conf"
)

// configured reads a configuration file in a folder of its own.
func configured(t *testing.T, spec, text string) (Rules, string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/spfhosts", []byte("host.test: -all\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "smtpd.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c := NewConfig()
	table := conf.NewTable(c.Directives())
	if _, err := table.ReadFile(conf.Source{Spec: spec + file, Foreign: true}); err != nil {
		return Rules{}, "", err
	}
	var b strings.Builder
	if err := table.Check(&b); err != nil {
		t.Fatal(err)
	}
	r, err := c.Rules(dir)
	return r, b.String(), err
}

func TestConfig(t *testing.T) {
	for _, spec := range []string{"", "avenger:"} {
		r, shown, err := configured(t, spec, "MaxRcpts 5\nSPFlocal -exists:%{ir}.bl.test\nSPFnone a/24 mx/24 ptr\nSPFfail include:friend.test\nSPFexp See http://why.test/?%{S}\n")
		if err != nil {
			t.Fatal(err)
		}
		for what, got := range map[string]string{
			"v=spf1 -exists:%{ir}.bl.test": r.Local.String(),
			"v=spf1 a/24 mx/24 ptr":        r.None.String(),
			"v=spf1 include:friend.test":   r.Fail.String(),
			"See http://why.test/?%{S}":    r.Explanation.String(),
			"v=spf1 -all":                  r.Hosts.Find("host.test").String(),
		} {
			if got != what {
				t.Errorf("%sgot %s, want %s", spec, got, what)
			}
		}
		if !strings.Contains(shown, "SPFnone a/24 mx/24 ptr") {
			t.Errorf("--check shows\n%s", shown)
		}
	}
}

func TestConfigFaults(t *testing.T) {
	for text, want := range map[string]string{
		"SPFlocal foo\n":              `SPFlocal: octet 1, "foo": no mechanism`,
		"SPFexp %{x}\n":               "unknown macro letter",
		"SPFHostsFile /no/such/dir\n": "",
		"SPFHostsFile .\n":            "is a directory",
		"SPFTimeout 5s\n":             "",
		"SPFTimeout 21s\n":            "21s is not above 0 and at most 20s",
		"SPFTimeout 0\n":              "0 is not above 0 and at most 20s",
	} {
		_, _, err := configured(t, "", text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestTable(t *testing.T) {
	c := NewConfig()
	if err := conf.NewTable(c.Directives()).Verify(); err != nil {
		t.Error(err)
	}
}
