package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"postern/lib/netpath"
	"postern/lib/plot"
)

// path reads a path from words: addresses, more than one in a hop with commas
// between them, each with milliseconds behind a slash; "*" for a silent hop. The
// last word may say why the path ends there.
func path(t testing.TB, text string) (p netpath.Path) {
	t.Helper()
	words := strings.Fields(text)
	ends := map[string]netpath.End{"silent": netpath.Silent, "loop": netpath.Loop, "blocked": netpath.Blocked}
	p.End = netpath.Reached
	if end, ok := ends[words[len(words)-1]]; ok {
		p.End, words = end, words[:len(words)-1]
	}
	for _, word := range words {
		h := netpath.Hop{Sent: 2}
		for one := range strings.SplitSeq(word, ",") {
			name, ms, _ := strings.Cut(one, "/")
			if name == "*" {
				continue
			}
			rtt, _ := time.ParseDuration(ms + "ms")
			h.Answers = append(h.Answers, netpath.Answer{Addr: netip.MustParseAddr(name), RTT: rtt})
			h.Answered = 2
		}
		p.Hops = append(p.Hops, h)
	}
	if last := p.Hops[len(p.Hops)-1]; p.End == netpath.Reached {
		p.Dest = last.Answers[0].Addr
	} else {
		p.Dest = netip.MustParseAddr("192.0.2.99")
	}
	p.Time = time.Unix(1763700000, 0)
	return p
}

// names are those of some addresses.
func names() map[netip.Addr]string {
	return map[netip.Addr]string{
		netip.MustParseAddr("10.0.0.1"):  "gw.example",
		netip.MustParseAddr("192.0.2.7"): "mail.customer-in-a-far-away-land.example.net",
	}
}

// text draws paths on a screen.
func text(t testing.TB, hops int, s plot.Screen, lines ...string) string {
	t.Helper()
	var paths []netpath.Path
	for _, line := range lines {
		paths = append(paths, path(t, line))
	}
	var b bytes.Buffer
	if err := newDrawing(paths, hops, names()).text(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	narrow, wide := plot.Screen{Columns: 50}, plot.Screen{Columns: 78, UTF8: true}
	tests := []struct {
		name   string
		hops   int
		screen plot.Screen
		paths  []string
		want   string
	}{
		{"one", 0, wide, []string{"10.0.0.1/0.31 * 10.0.2.1/12 192.0.2.7/24.123"}, `
192.0.2.7: 4 hops, 2025-11-21 04:40:00 UTC
 1 10.0.0.1     0.310 ms ▎                               gw.example
 2 *                                           100% lost
 3 10.0.2.1    12.000 ms ██████████▌
 4 192.0.2.7   24.123 ms █████████████████████           mail.customer-in-a-f…
`},
		{"narrow", 0, narrow, []string{"10.0.0.1/0.31 10.0.2.1/12 192.0.2.7/24.123"}, `
192.0.2.7: 3 hops, 2025-11-21 04:40:00 UTC
 1 10.0.0.1     0.310 ms #            gw.example
 2 10.0.2.1    12.000 ms ######
 3 192.0.2.7   24.123 ms ############ mail.custom~
`},
		{"several answers", 0, narrow, []string{"10.0.0.2/1,10.0.0.3/2 10.0.4.1/4 loop"}, `
192.0.2.99: 2 hops, a loop beyond, 2025-11-21 04:~
 1 10.0.0.2    1.000 ms ######
   10.0.0.3    2.000 ms #############
 2 10.0.4.1    4.000 ms #########################
   a loop beyond
`},
		{"a part", -1, narrow, []string{"10.0.0.2/1 10.0.4.1/4 192.0.2.8/5"}, `
192.0.2.8: 3 hops, 2025-11-21 04:40:00 UTC
 3 192.0.2.8    5.000 ms ########################
`},
		{"a fork", 0, wide, []string{"10.0.0.1 10.0.1.1 10.0.2.1 192.0.2.7", "10.0.0.1 10.0.1.1 10.0.3.1 * 192.0.2.7"}, `
● 192.0.2.7: 4 hops, 2025-11-21 04:40:00 UTC
◆ 192.0.2.7: 5 hops, 2025-11-21 04:40:00 UTC
 1 ●    10.0.0.1            gw.example
 2 ●    10.0.1.1
   ├─╮
 3 │ ◆≠ 10.0.3.1
 4 │ ◆  *         100% lost
 5 │ ◆≠ 192.0.2.7           mail.customer-in-a-far-away-land.example.net
 3 ●  ≠ 10.0.2.1
 4 ●    192.0.2.7           mail.customer-in-a-far-away-land.example.net
`},
		{"nothing in common", 0, narrow, []string{"10.0.0.1 silent", "10.0.0.2"}, `
o 192.0.2.99: 1 hop, no answer beyond, 2025-11-21~
x 10.0.0.2: 1 hop, 2025-11-21 04:40:00 UTC
   |-.
 1 | x! 10.0.0.2
 1 o  ! 10.0.0.1 gw.example
        no answer beyond
`},
		{"one within the other", 0, narrow, []string{"10.0.0.1 10.0.1.1", "10.0.0.1 10.0.1.1 10.0.2.1 blocked"}, `
o 10.0.1.1: 2 hops, 2025-11-21 04:40:00 UTC
x 192.0.2.99: 3 hops, no way beyond, 2025-11-21 0~
 1 o    10.0.0.1 gw.example
 2 o    10.0.1.1
   '-.
 3   x! 10.0.2.1
        no way beyond
`},
		{"the same", 0, narrow, []string{"10.0.0.1/1 * 192.0.2.8", "10.0.0.1 10.0.1.1 192.0.2.8"}, `
o 192.0.2.8: 3 hops, 2025-11-21 04:40:00 UTC
x 192.0.2.8: 3 hops, 2025-11-21 04:40:00 UTC
 1 o    10.0.0.1     1.000 ms ######### gw.example
 2 o    10.0.1.1
 3 o    192.0.2.8
        no difference
`},
		{"a fork beyond what is asked for", 1, narrow, []string{"10.0.0.1 10.0.1.1", "10.0.0.1 10.0.2.1"}, `
o 10.0.1.1: 2 hops, 2025-11-21 04:40:00 UTC
x 10.0.2.1: 2 hops, 2025-11-21 04:40:00 UTC
 1 o    10.0.0.1 gw.example
`},
		{"the last of two", -1, narrow, []string{"10.0.0.1 10.0.1.1", "10.0.0.1 10.0.2.1"}, `
o 10.0.1.1: 2 hops, 2025-11-21 04:40:00 UTC
x 10.0.2.1: 2 hops, 2025-11-21 04:40:00 UTC
   |-.
 2 | x! 10.0.2.1
 2 o  ! 10.0.1.1
`},
	}
	for _, tt := range tests {
		if got := text(t, tt.hops, tt.screen, tt.paths...); got != strings.TrimPrefix(tt.want, "\n") {
			t.Errorf("%s: got\n%swant%s", tt.name, got, tt.want)
		}
	}
}

// TestWidth: no line is longer than the screen is wide.
func TestWidth(t *testing.T) {
	one := "10.0.0.1/0.31 10.0.1.1/1,10.0.1.2/1.5 * 2001:db8:1234:5678:9abc:def0:1234:5678/800 192.0.2.7/1200"
	other := "10.0.0.1/0.31 10.0.1.1/1 10.0.2.1/9 10.0.3.1 loop"
	for columns := 20; columns <= 200; columns++ {
		for _, paths := range [][]string{{one}, {other}, {one, other}, {other, one}} {
			for _, s := range []plot.Screen{{Columns: columns}, {Columns: columns, UTF8: true}} {
				for line := range strings.Lines(text(t, 0, s, paths...)) {
					if n := utf8.RuneCountInString(line) - 1; n > columns {
						t.Fatalf("%d columns, not %d: %s", n, columns, line)
					}
				}
			}
		}
	}
}

// picture draws paths as SVG.
func picture(t testing.TB, d *drawing) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.svg(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements reads a picture as XML: how often each element is in it, and each
// piece of text.
func elements(t testing.TB, picture string) (count map[string]int, texts []string) {
	t.Helper()
	count = make(map[string]int)
	d := xml.NewDecoder(strings.NewReader(picture))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return count, texts
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, picture)
		}
		switch token := token.(type) {
		case xml.StartElement:
			count[token.Name.Local]++
		case xml.CharData:
			texts = append(texts, string(token))
		}
	}
}

// TestSVG: the picture is XML, has a dot for each hop and its words once, what
// both paths have in common too, and is the same each time.
func TestSVG(t *testing.T) {
	paths := []netpath.Path{path(t, "10.0.0.1/1 10.0.1.1/2 10.0.2.1/3 silent"), path(t, "10.0.0.1 10.0.1.1 10.0.3.1/4 * 192.0.2.7/5")}
	known := map[netip.Addr]string{netip.MustParseAddr("10.0.1.1"): "<script>&\"'", netip.MustParseAddr("10.0.0.1"): strings.Repeat("x", 200)}
	d := newDrawing(paths, 0, known)
	got := picture(t, d)
	count, texts := elements(t, got)
	if count["svg"] != 1 || count["circle"] != 2+2+3+1 || count["script"] != 0 || count["rect"] != 1+5 {
		t.Errorf("elements %v\n%s", count, got)
	}
	for _, want := range []string{"10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.3.1", "*", "192.0.2.7", "<script>&\"'", "no answer beyond", "5.000 ms", "100% lost"} {
		if n := len(slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s != want })); n != 1 {
			t.Errorf("%q stands there %d times\n%s", want, n, got)
		}
	}
	if n := strings.Count(got, ">≠<"); n != 2 {
		t.Errorf("%d hops are marked as other ones, want 2", n)
	}
	if again := picture(t, newDrawing(paths, 0, known)); again != got {
		t.Error("not the same picture again")
	}
	for _, text := range texts {
		if utf8.RuneCountInString(text) > mostName && !strings.Contains(text, "{") && !strings.Contains(text, "; ") {
			t.Errorf("too long: %q", text)
		}
	}
}

// TestPictureHolds: nothing stands outside of the picture.
func TestPictureHolds(t *testing.T) {
	for _, lines := range [][]string{
		{"10.0.0.1/1 192.0.2.7/2000"},
		{"10.0.0.1 2001:db8:1234:5678:9abc:def0:1234:5678/9 loop", "10.0.0.1 192.0.2.7/2000"},
	} {
		var paths []netpath.Path
		for _, line := range lines {
			paths = append(paths, path(t, line))
		}
		var svg struct {
			Width  int `xml:"width,attr"`
			Height int `xml:"height,attr"`
			Texts  []struct {
				X    int    `xml:"x,attr"`
				Y    int    `xml:"y,attr"`
				Text string `xml:",chardata"`
			} `xml:"text"`
			Rects []struct {
				X     int `xml:"x,attr"`
				Width int `xml:"width,attr"`
			} `xml:"rect"`
		}
		if err := xml.Unmarshal([]byte(picture(t, newDrawing(paths, 0, names()))), &svg); err != nil {
			t.Fatal(err)
		}
		for _, text := range svg.Texts {
			if text.X+plot.Letter*utf8.RuneCountInString(text.Text) > svg.Width || text.Y > svg.Height {
				t.Errorf("outside of %dx%d: %+v", svg.Width, svg.Height, text)
			}
		}
		for _, rect := range svg.Rects {
			if rect.X+rect.Width > svg.Width {
				t.Errorf("outside of %d: %+v", svg.Width, rect)
			}
		}
	}
}
