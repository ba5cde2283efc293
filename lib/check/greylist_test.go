package check

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"postern/lib/greylist"
	"postern/lib/rbl"
	"postern/lib/record"
	"postern/lib/smtp"
	"postern/lib/spf"
)

var greyNoon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func stranger() *Facts {
	return &Facts{
		Client: netip.MustParseAddr("198.51.100.7"), Server: netip.MustParseAddr("192.0.2.25"), Record: new(record.Record),
		Sender: smtp.Mailbox{Local: "ann", Domain: "from.example"}, Recipient: smtp.Mailbox{Local: "bob", Domain: "here.example"},
	}
}

// TestGreylist is who is told to come again.
func TestGreylist(t *testing.T) {
	passes := func() spf.Result { return spf.Result{Code: spf.Pass, Domain: "from.example"} }
	tests := []struct {
		name   string
		change func(f *Facts, g *greylist.Config)
		white  string
		want   Action
		state  string
	}{
		{"a stranger", func(*Facts, *greylist.Config) {}, "", Defer, "new"},
		{"a trusted client", func(f *Facts, _ *greylist.Config) { f.Trusted = true }, "", None, ""},
		{"a client that has logged in", func(f *Facts, _ *greylist.Config) { f.Record.Set("sasl_username", "ann") }, "", None, ""},
		{"an unknown peer", func(f *Facts, _ *greylist.Config) { f.Client = netip.Addr{} }, "", None, ""},
		{"to the postmaster", func(f *Facts, _ *greylist.Config) { f.Recipient.Local = "PostMaster" }, "", None, ""},
		{"to one of NoCheck", func(f *Facts, _ *greylist.Config) { f.Recipient.Local = "abuse" }, "", None, ""},
		{"allowed by our lists", func(f *Facts, _ *greylist.Config) { f.Class = Allow }, "", None, ""},
		{"allowed by a list in DNS", func(f *Facts, _ *greylist.Config) {
			f.Lists = func() rbl.Result { return rbl.Result{Score: -100} }
		}, "", None, ""},
		{"not listed in DNS", func(f *Facts, _ *greylist.Config) {
			f.Lists = func() rbl.Result { return rbl.Result{} }
		}, "", Defer, "new"},
		{"learning", func(_ *Facts, g *greylist.Config) { g.Mode = "learn" }, "", None, "new"},
		{"on the whitelist", func(*Facts, *greylist.Config) {}, "198.51.100.0/24\n", None, "white"},
		{"released", func(*Facts, *greylist.Config) {}, "ann@from.example\n", None, "white"},
		{"a domain that is known, by SPF", func(f *Facts, _ *greylist.Config) { f.SPF = passes }, "spf:from.example\n", None, "white"},
		{"its name without SPF", func(*Facts, *greylist.Config) {}, "spf:from.example\n", Defer, "new"},
		{"by its name", func(f *Facts, _ *greylist.Config) { f.Name = func() string { return "mx.big.example" } }, ".big.example\n", None, "white"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := greylist.NewConfig()
			g.Dir = t.TempDir()
			f := stranger()
			tt.change(f, &g)
			if err := os.WriteFile(filepath.Join(g.Dir, "whitelist"), []byte(tt.white), 0o644); err != nil {
				t.Fatal(err)
			}
			c := Config{Greylist: greylist.Open(g), NoCheck: []string{"abuse"}, Now: func() time.Time { return greyNoon }}
			v, err := c.greylist(context.Background(), f)
			if v.Action != tt.want || err != nil || f.Record.Value("greylist") != tt.state {
				t.Errorf("%+v, %v, greylist=%q; want %v, %q", v, err, f.Record.Value("greylist"), tt.want, tt.state)
			}
			if v.Action == Defer && v.Reply.String() != "451 4.7.1 you are new here, try again in 300 seconds" {
				t.Errorf("reply %q", v.Reply.String())
			}
		})
	}
}

// TestGreylistOpen: without its store there is no opinion.
func TestGreylistOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	g := greylist.NewConfig()
	g.Dir = dir
	c := Config{Greylist: greylist.Open(g), Now: func() time.Time { return greyNoon }}
	v, err := c.greylist(context.Background(), stranger())
	if v.Action != None || err == nil {
		t.Errorf("%+v, %v; want no opinion and an error", v, err)
	}
}
