package dns

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The files are read when they are needed, and again when they have changed.
func TestSystemRefreshes(t *testing.T) {
	dir := t.TempDir()
	resolv, hostsFile := filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "hosts")
	s := systemOf(resolv, hostsFile)
	now := time.Unix(1e9, 0)
	s.now = func() time.Time { return now }
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := func() string {
		c, h := s.refresh()
		return fmt.Sprint(c.servers[0].addr, len(h.hosts()))
	}
	put(resolv, "nameserver 192.0.2.1\n")
	steps := []struct {
		after time.Duration
		do    func()
		want  string
	}{
		{0, func() {}, "192.0.2.1:53 0"},
		{time.Second, func() { put(hostsFile, "192.0.2.7 a\n") }, "192.0.2.1:53 0"},
		{10 * time.Second, func() { put(resolv, "nameserver 192.0.2.20\n") }, "192.0.2.20:53 2"},
		{10 * time.Second, func() { os.Remove(hostsFile) }, "192.0.2.20:53 0"},
	}
	for i, step := range steps {
		now = now.Add(step.after)
		step.do()
		if got := look(); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
	before, _ := s.refresh()
	now = now.Add(time.Minute)
	if after, _ := s.refresh(); after != before {
		t.Error("a client was replaced although nothing has changed")
	}
}

// However long the file is, it says the same.
func TestHostsFile(t *testing.T) {
	const text = "192.0.2.7 Host.Example host\n"
	for _, text := range []string{text, text + strings.Repeat("192.0.2.8 other\n", shortHosts/8)} {
		f := &hostsFile{text: strings.ToLower(text)}
		for k, want := range map[key]string{
			{"host.example", TypeA}:             "[192.0.2.7] true",
			{"host.example", TypeAAAA}:          "[] true",
			{"host.example", TypeMX}:            "[] false",
			{"st.example", TypeA}:               "[] false",
			{"third", TypeA}:                    "[] false",
			{"7.2.0.192.in-addr.arpa", TypePTR}: "[host.example. host.] true",
		} {
			a, ok, _ := f.find(k)
			data := []string{}
			for _, r := range a.Records {
				data = append(data, r.Data)
			}
			if got := fmt.Sprint(data, ok); got != want {
				t.Errorf("%d octets, %v: %s, want %s", len(text), k, got, want)
			}
		}
	}
}
