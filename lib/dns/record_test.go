package dns_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/dnstest"
)

// recorded are questions with every kind of answer.
var recorded = []struct {
	name string
	t    dns.Type
}{
	{"example", dns.TypeMX}, {"example", dns.TypeTXT}, {"example", dns.TypeAAAA},
	{"alias.example", dns.TypeA}, {"alias.example", dns.TypeCNAME}, {"alias.example", dns.TypeMX},
	{"dangling.example", dns.TypeA}, {"loop.example", dns.TypeA}, {"nowhere.example", dns.TypeTXT},
	{"nowhere.example", dns.TypeA}, {"broken.example", dns.TypeA}, {"forged.example", dns.TypeTXT},
	{"signed.example", dns.TypeA}, {"signed.example", dns.TypeMX}, {"odd@name.example", dns.TypeA},
	{"*.wild.example", dns.TypeA}, {"x.wild.example", dns.TypeA}, {"nothing.first.example", dns.TypeA},
	{"a b.example", dns.TypeA}, {"tlsa.example", dns.TypeTLSA}, {"odd.example", dns.Type(65280)},
	{"first.example", dns.TypeA}, {"first.example", dns.TypeTXT}, {"null.example", dns.TypeMX},
}

// What was recorded of a server's answers answers in its place: the same
// records, the same errors in the same words.
func TestRecorder(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault("first.example", dnstest.None)
	var file strings.Builder
	r := dns.NewRecorder(s.Resolver(), &file)
	ask := func(r dns.Resolver) string {
		var b strings.Builder
		for _, q := range recorded {
			a, err := r.Query(ctx, q.name, q.t)
			fmt.Fprintf(&b, "%s %v: %s %v %v", q.name, q.t, a.Name, a.Authentic, err)
			for _, record := range a.Records {
				fmt.Fprintf(&b, " %v", record)
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	want := ask(r)
	once := file.Len()
	if ask(r); file.Len() != once {
		t.Error("answers were written twice")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	back, err := dns.Zone(strings.NewReader(file.String()), "recording")
	if err != nil {
		t.Fatalf("%v in\n%s", err, file.String())
	}
	if got := ask(back); got != want {
		t.Errorf("recorded\n%s\nreplayed\n%s\nwhere it was\n%s", file.String(), got, want)
	}
}

// Silence is an answer too.
func TestRecordedSilence(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault("first.example", dnstest.Silent)
	var file strings.Builder
	r := dns.NewRecorder(s.Resolver(), &file)
	_, was := r.LookupIP(ctx, "ip4", "first.example")
	if _, err := r.LookupMX(ctx, "example"); err != nil || r.Close() != nil {
		t.Fatal(err)
	}
	back, err := dns.Zone(strings.NewReader(file.String()), "recording")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, is := back.LookupIP(ctx, "ip4", "first.example")
	if is == nil || is.Error() != was.Error() || !errors.Is(is, dns.ErrTemporary) || !strings.Contains(is.Error(), "does not answer") {
		t.Errorf("got %v, was %v", is, was)
	}
	if mx, err := back.LookupMX(ctx, "example"); err != nil || len(mx) != 3 {
		t.Errorf("%v, %v", mx, err)
	}
	if time.Since(start) > 10*time.Second {
		t.Error("a recorded silence was waited for")
	}
}

// Who has no time left learns nothing about a name, and what others learn of it
// counts. He gets again what he got where nobody learnt more.
func TestRecordedTooLate(t *testing.T) {
	var file strings.Builder
	r := dns.NewRecorder(dnstest.Start(t, zoneText).Resolver(), &file)
	late, cancel := context.WithCancel(ctx)
	cancel()
	r.LookupMX(late, "example")
	_, was := r.LookupIP(late, "ip4", "first.example")
	if _, err := r.LookupMX(ctx, "example"); err != nil || was == nil || r.Close() != nil {
		t.Fatal(err, was)
	}
	back, err := dns.Zone(strings.NewReader(file.String()), "recording")
	if err != nil {
		t.Fatal(err)
	}
	if mx, err := back.LookupMX(ctx, "example"); err != nil || len(mx) != 3 {
		t.Errorf("%v, %v", mx, err)
	}
	if _, is := back.LookupIP(ctx, "ip4", "first.example"); is == nil || is.Error() != was.Error() {
		t.Errorf("got %v, was %v", is, was)
	}
}

// full is a file system without room.
type full struct{ closed bool }

func (*full) Write([]byte) (int, error) { return 0, errors.New("no space left") }
func (f *full) Close() error            { f.closed = true; return nil }

func TestRecorderCannotWrite(t *testing.T) {
	zone, err := dns.Zone(strings.NewReader(zoneText), "zone")
	if err != nil {
		t.Fatal(err)
	}
	var disk full
	r := dns.NewRecorder(zone, &disk)
	if _, err := r.LookupMX(ctx, "example"); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err == nil || err.Error() != "no space left" || !disk.closed {
		t.Errorf("got %v, closed %v", err, disk.closed)
	}
}
