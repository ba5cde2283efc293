package state

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

func TestCache(t *testing.T) {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	tests := []struct {
		name string
		ttl  time.Duration
		at   time.Duration // of Get, after Put
		want bool
	}{
		{"at once", time.Hour, 0, true},
		{"just before", time.Hour, time.Hour - 1, true},
		{"expired", time.Hour, time.Hour, false},
		{"no time", 0, 0, false},
		{"clocks differ a little", time.Hour, -time.Second, true},
		{"clock set back", 2 * day, -day, false},
		{"clock was ten years ahead", time.Hour, -10 * year, false},
		{"clock is ten years ahead", time.Hour, 10 * year, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Open(t.TempDir()).Cache("c")
			if err := c.Put("k", []byte("value"), noon, tt.ttl); err != nil {
				t.Fatal(err)
			}
			got, ok, err := c.Get("k", noon.Add(tt.at))
			if ok != tt.want || err != nil || ok && string(got) != "value" {
				t.Errorf("Get = %q, %v, %v; want %v", got, ok, err, tt.want)
			}
		})
	}
}

func TestCacheValues(t *testing.T) {
	c := Open(t.TempDir()).Cache("c")
	for _, size := range []int{0, 1, 5000, 100, MaxValue, firstRead, 0} {
		want := bytes.Repeat([]byte{'\n', 0, 'x'}, size)[:size]
		if err := c.Put("k", want, noon, time.Hour); err != nil {
			t.Fatal(err)
		}
		got, ok, err := c.Get("k", noon)
		if !ok || err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d octets: Get = %d octets, %v, %v", size, len(got), ok, err)
		}
	}
	if _, ok, _ := c.store.Cache("other").Get("k", noon); ok {
		t.Error("another cache has the key")
	}
}

func TestCacheFile(t *testing.T) {
	dir := t.TempDir()
	c := Open(dir).Cache("ptr")
	if err := c.Put("2001:db8::", []byte("mail.example.org\n"), noon, time.Hour); err != nil {
		t.Fatal(err)
	}
	name := dir + "/" + keyName("cache/ptr", "2001:db8::")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, value, _ := strings.Cut(string(text), "\n")
	if !strings.HasPrefix(head, "2026-11-21T12:00:00Z 2026-11-21T13:00:00Z 17 ") ||
		!strings.HasSuffix(head, ` "2001:db8::"`) || value != "mail.example.org\n" {
		t.Errorf("file %q", text)
	}
	for i := range text {
		bad := bytes.Clone(text)
		bad[i] ^= 1
		checkMiss(t, c, name, bad)
		checkMiss(t, c, name, text[:i])
	}
	checkMiss(t, c, name, make([]byte, len(text)))
	of := item{put: noon, expires: noon.Add(time.Hour), label: "2001:db8:1::", value: []byte("x")}
	checkMiss(t, c, name, of.append(nil)) // another key's, brought here
	if err := c.Put("2001:db8::", []byte("again"), noon, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := c.Get("2001:db8::", noon); !ok || err != nil || string(got) != "again" {
		t.Errorf("Get over a damaged file = %q, %v, %v", got, ok, err)
	}
}

// checkMiss is that a damaged file is not used.
func checkMiss(t *testing.T, c *Cache, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got, ok, err := c.Get("2001:db8::", noon)
	if ok || err != nil {
		t.Errorf("Get of %q = %q, %v, %v; want a miss", text, got, ok, err)
	}
}

func FuzzItem(f *testing.F) {
	for _, it := range []item{
		{},
		{put: noon, expires: noon.Add(time.Hour), label: "k", value: []byte("value")},
		{put: noon, expires: noon.Add(1), label: "a \"b\"\n\xff", value: make([]byte, 5000)},
		{put: noon, expires: noon, label: strings.Repeat("\xff", maxLabel)},
	} {
		f.Add(it.append(nil))
	}
	f.Add([]byte("2026-11-21T12:00:00Z 2026-11-21T12:00:00Z 99999999999 0000000000000000 \"\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		it := parseItem(text)
		if len(it.value) > MaxValue {
			t.Fatalf("a value of %d octets", len(it.value))
		}
		if it.size == 0 && it.sum == 0 {
			return // damaged
		}
		again := parseItem(it.append(nil))
		if again.label != it.label || !bytes.Equal(again.value, it.value) ||
			!again.put.Equal(it.put) || !again.expires.Equal(it.expires) {
			t.Fatalf("%+v became %+v", it, again)
		}
	})
}
