package mtasts_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/mtasts"
	"postern/lib/state"
)

var ctx = context.Background()

// world is one domain, example.com, as it changes from step to step.
type world struct {
	txt     string // what its TXT record says; "" for no record
	dnsErr  error
	policy  string // "" for a server that is down
	fetched int
	logged  []string
	now     time.Time
	finder  mtasts.Finder
}

func newWorld(t *testing.T) *world {
	w := &world{now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
	w.finder = mtasts.Finder{
		Resolver: dns.Func(w.query),
		Cache:    state.Open(t.TempDir()).Cache("mtasts"),
		Fetch:    w.fetch,
		Now:      func() time.Time { return w.now },
		Log:      func(domain string, err error) { w.logged = append(w.logged, domain+": "+err.Error()) },
	}
	return w
}

func (w *world) query(_ context.Context, name string, q dns.Type) (dns.Answer, error) {
	if w.dnsErr != nil {
		return dns.Answer{}, w.dnsErr
	}
	if name != "_mta-sts.example.com" || w.txt == "" {
		return dns.Answer{}, &dns.Error{Name: name, Type: q, Kind: dns.ErrNotFound}
	}
	return dns.Answer{Name: name, Records: []dns.Record{{Name: name, Type: q, Data: `"` + w.txt + `"`}}}, nil
}

func (w *world) fetch(_ context.Context, domain string) ([]byte, error) {
	w.fetched++
	if w.policy == "" || domain != "example.com" {
		return nil, errors.New("the server is down")
	}
	return []byte(w.policy), nil
}

// policy is the text of a policy with one host.
func policy(mode mtasts.Mode, host string, maxAge time.Duration) string {
	return mtasts.Policy{Mode: mode, MX: []string{host}, MaxAge: maxAge}.String()
}

// want finds the policy, and compares its host ("" for none), how often
// anything was fetched so far, and what was logged since the last time.
func (w *world) want(t *testing.T, host string, fetched int, logged string) {
	t.Helper()
	got := ""
	if p := w.finder.Find(ctx, "Example.COM."); p != nil {
		got = strings.Join(p.MX, " ")
	}
	if got != host || w.fetched != fetched || strings.Join(w.logged, "\n") != logged {
		t.Errorf("policy for %q after %d fetches, log %q; want %q, %d, %q", got, w.fetched, w.logged, host, fetched, logged)
	}
	w.logged = nil
}

func TestFind(t *testing.T) {
	const week = 7 * 24 * time.Hour
	w := newWorld(t)
	w.policy = policy(mtasts.Enforce, "a.example", week)
	w.want(t, "", 0, "") // nobody says that there is one
	w.txt = "v=STSv1; id=1;"
	w.want(t, "a.example", 1, "")
	w.policy = policy(mtasts.Enforce, "b.example", week)
	w.want(t, "a.example", 1, "") // the same id
	w.txt = "v=STSv1; id=2;"
	w.want(t, "b.example", 2, "")

	w.policy, w.txt = "", "v=STSv1; id=3;"
	w.want(t, "b.example", 3, "example.com: the server is down; the policy that is known stays in force")
	w.want(t, "b.example", 3, "") // not again at once
	w.now = w.now.Add(6 * time.Minute)
	w.want(t, "b.example", 4, "example.com: the server is down; the policy that is known stays in force")
	w.policy, w.now = "nonsense", w.now.Add(6*time.Minute)
	w.want(t, "b.example", 5, `example.com: not an MTA-STS policy: line 1: "nonsense" is not a name and a value; the policy that is known stays in force`)

	w.txt = "" // who takes the record away takes away nothing that is known
	w.want(t, "b.example", 5, "")
	w.dnsErr = &dns.Error{Name: "n", Type: dns.TypeTXT, Kind: dns.ErrTemporary}
	w.want(t, "b.example", 5, "example.com: n TXT: temporary error")
	w.now = w.now.Add(week)
	w.want(t, "", 5, "example.com: n TXT: temporary error") // its time is over
	w.dnsErr, w.txt = nil, "v=STSv1; id=4;"
	w.want(t, "", 6, `example.com: not an MTA-STS policy: line 1: "nonsense" is not a name and a value`)

	w.now = w.now.Add(6 * time.Minute)
	w.policy = policy(mtasts.None, "a.example", week)
	w.want(t, "", 7, "") // taken back
	w.want(t, "", 7, "")
}

// A policy that is in use is looked at every day, so that it does not run out
// while its server is down for a few hours.
func TestRefresh(t *testing.T) {
	w := newWorld(t)
	w.txt, w.policy = "v=STSv1; id=1", policy(mtasts.Testing, "a.example", 48*time.Hour)
	w.want(t, "a.example", 1, "")
	w.now = w.now.Add(23 * time.Hour)
	w.want(t, "a.example", 1, "")
	w.now = w.now.Add(2 * time.Hour)
	w.want(t, "a.example", 2, "")
	w.now = w.now.Add(47 * time.Hour) // after the first would have run out
	w.policy = ""
	w.want(t, "a.example", 3, "example.com: the server is down; the policy that is known stays in force")
}

// Without a store every message fetches, and with a broken one too.
func TestNoCache(t *testing.T) {
	w := newWorld(t)
	w.txt, w.policy = "v=STSv1; id=1", policy(mtasts.Enforce, "a.example", time.Hour)
	w.finder.Cache = nil
	w.want(t, "a.example", 1, "")
	w.want(t, "a.example", 2, "")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.finder.Cache = state.Open(file).Cache("mtasts")
	if p := w.finder.Find(ctx, "example.com"); p == nil || w.fetched != 3 || len(w.logged) == 0 {
		t.Errorf("with a broken store: %v, %d fetches, log %q", p, w.fetched, w.logged)
	}
	if p := w.finder.Find(ctx, "[192.0.2.1]"); p != nil {
		t.Errorf("an address has the policy %v", p)
	}
}

// bin is a folder of programs.
type bin string

func (b bin) Programs() string { return string(b) }

func TestProgram(t *testing.T) {
	dir := t.TempDir()
	script := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "mtasts"), []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SECRET", "x")
	t.Setenv("POSTERN_RESOLVER", "127.0.0.1:5353")
	t.Setenv("HOME", "/root")
	fetch := mtasts.Program(bin(dir))
	if _, err := fetch(ctx, "example.com"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the program: %v", err)
	}
	script(`echo "$*" "$SECRET" "$HOME" "$POSTERN_RESOLVER"`)
	if text, err := fetch(ctx, "example.com"); err != nil || string(text) != "-f -- example.com   127.0.0.1:5353\n" {
		t.Errorf("%q, %v", text, err)
	}
	script("echo mtasts: example.com: no way >&2; exit 69")
	_, err := fetch(ctx, "example.com")
	if got, want := fmt.Sprint(err), "mtasts: exit status 69: mtasts: example.com: no way"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
