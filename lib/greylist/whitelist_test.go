package greylist

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// padding makes a text so long that it gets an index. Nobody of it is asked
// about.
func padding() string {
	var b strings.Builder
	for i := range 2 * smallText / 20 {
		fmt.Fprintf(&b, "10.77.%d.%d/32 padding\n", i>>8, i&255)
	}
	return b.String()
}

// TestWhitelist is who is on it. Every row is asked of a short text, which is
// read, and of a long one, by the index.
func TestWhitelist(t *testing.T) {
	ask := Query{Sender: "Ann@News.Example", Recipient: "bob@here.example", SPF: "spf.example", Name: func() string { return "mx.big.example" }}
	const addr, addr6 = "198.51.100.7", "2001:db8:1:2::7"
	tests := []struct {
		text, remote string
		want         bool
	}{
		{"", addr, false},
		{"198.51.100.7\n", addr, true},
		{"198.51.100.7", addr, true},
		{"198.51.100.200 a neighbour\n", addr, true},
		{"198.51.101.7\n", addr, false},
		{"198.51.100.7/32\n", addr, true},
		{"198.51.100.8/32\n", addr, false},
		{"198.51.0.0/16\tname\r\n", addr, true},
		{"198.51\n", addr, true},
		{"0.0.0.0/0\n", addr, true},
		{"0.0.0.0/0\n", addr6, false},
		{"::/0\n", addr, false},
		{"::/0\n", addr6, true},
		{"2001:db8:1:2::1\n", addr6, true},
		{"2001:db8:1:3::1\n", addr6, false},
		{"2001:db8:1:2::7/128\n", addr6, true},
		{"::ffff:198.51.100.0/120\n", addr, true},
		{"#198.51.100.7\n 198.51.100.7\n\n", addr, false},
		{"198.51.100.7x\nno net at all\n", addr, false},
		{"198.51.100.7\n!198.51.100.7\n", addr, false},
		{"!198.51.100.7\n198.51.100.7\n", addr, true},
		{"198.51.100.0/24\n!198.51.100.7/32\n", addr, false},
		{"198.51.100.0/24\n!198.51.100.8/32\n", addr, true},
		{"198.51.100.7/32\n!198.51.0.0/16\n", addr, false},
		{".big.example\n", addr, true},
		{".example\n", addr, true},
		{".ig.example\n", addr, false},
		{".big.example\n!.mx.big.example\n", addr, false},
		{"ann@news.example\n", addr, true},
		{"@news.example\n", addr, true},
		{"eve@news.example\n", addr, false},
		{"spf:spf.example\n", addr, true},
		{"spf:news.example\n", addr, false},
		{"to:bob@here.example\n", addr, true},
		{"to:bob@\n", addr, true},
		{"to:@here.example\n", addr, true},
		{"to:eve@\n", addr, false},
		{"@news.example\n!198.51.100.7\n", addr, true},
		{strings.Repeat("x", 70<<10) + "\n198.51.100.7\n", addr, true},
		{"198.51.100.7 " + strings.Repeat("x", maxLine) + "\n", addr, false},
	}
	for _, tt := range tests {
		for _, before := range []string{"", padding()} {
			s := testStore(t)
			writeWhite(t, s, before+tt.text)
			q := ask
			q.Remote = query(tt.remote, "").Remote
			d, err := s.Look(&q, noon)
			if got := d.State == White; got != tt.want || err != nil {
				t.Errorf("%.60q, text of %d octets: %v, %v; want %v", tt.text, len(before), got, err, tt.want)
			}
			if _, err := os.Stat(s.Dir + "/" + indexName); (err == nil) != (len(before+tt.text) > smallText) {
				t.Errorf("%.60q: index: %v", tt.text, err)
			}
		}
	}
}

// TestEdited: a person changes the list, and every process knows.
func TestEdited(t *testing.T) { checkEdits(t, testStore(t)) }

func checkEdits(t *testing.T, s *Store) {
	t.Helper()
	pad := padding()
	file := s.Dir + "/" + whiteName
	other := func(f func()) func() { return f }
	steps := []struct {
		name   string
		change func()
		want   bool
	}{
		{"written", other(func() { writeWhite(t, s, pad+"198.51.100.7/32\n") }), true},
		{"one octet changed in place", other(func() { patch(t, file, int64(len(pad)), "198.51.100.8/32\n") }), false},
		{"changed back in the middle", other(func() { patch(t, file, 0, "198.51.100.7/32 \n") }), true},
		{"appended by a shell", other(func() { shellAppend(t, file, "!198.51.100.7/32\n") }), false},
		{"appended by another process", other(func() { add(t, Open(s.Config), "198.51.100.7") }), true},
		{"replaced by a new file", other(func() { replaceFile(t, file, pad) }), false},
		{"cut short in place", other(func() { patch(t, file, 0, "198.51.100.7/32 \n"); os.Truncate(file, 17) }), true},
		{"removed", other(func() { os.Remove(file) }), false},
		{"appended to nothing", other(func() { add(t, s, "198.51.100.7") }), true},
		{"another is written about", other(func() { writeWhite(t, s, pad+"198.51.100.8/32\n") }), false},
		{"who is in no index, in place", other(func() { patch(t, file, int64(len(pad)), "198.51.100.7/32\n") }), true},
		{"the index is gone", other(func() { writeWhite(t, s, pad+"198.51.100.7\n"); os.Remove(s.Dir + "/" + indexName) }), true},
		{"the index is damaged", other(func() { os.WriteFile(s.Dir+"/"+indexName, []byte("x"), 0o644) }), true},
	}
	for _, step := range steps {
		step.change()
		for name, who := range map[string]*Store{"the same process": s, "another": Open(s.Config)} {
			d, err := who.Look(query("198.51.100.7", "bob@example.org"), noon)
			if got := d.State == White; got != step.want || err != nil {
				t.Errorf("%s: %s: %v, %v; want %v", step.name, name, got, err, step.want)
			}
		}
	}
}

func patch(t *testing.T, file string, at int64, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(text), at); err != nil {
		t.Fatal(err)
	}
}

func shellAppend(t *testing.T, file, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func replaceFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+"~", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+"~", file); err != nil {
		t.Fatal(err)
	}
}

func add(t testing.TB, s *Store, subject string) {
	t.Helper()
	e, err := ParseSubject(subject)
	if err == nil {
		err = s.Add(e)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestIndexIsWaitedFor: while one process makes an index of a long text, others
// do not read all of the text.
func TestIndexIsWaitedFor(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, strings.Repeat(padding(), 64)+"198.51.100.7\n")
	l, err := s.lock(whiteLock, 0)
	if err != nil {
		t.Fatal(err)
	}
	indexed := make(chan bool)
	go func() {
		v, err := Open(s.Config).look()
		indexed <- err == nil && v.index != nil
	}()
	if err := s.reindexNow(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if !<-indexed {
		t.Error("the index was not waited for")
	}
}

// TestAppendsKeepTheIndex: lines of ours do not make it anew, until it is full.
func TestAppendsKeepTheIndex(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, padding())
	inode := func() (n uint64) {
		st, err := s.stat(indexName)
		if err != nil {
			t.Fatal(err)
		}
		return uint64(st.Ino)
	}
	add(t, s, "192.0.2.1")
	first := inode()
	changed := 0
	for i := range 4000 {
		add(t, s, fmt.Sprintf("172.16.%d.%d/32", i>>8, i&255))
		if now := inode(); now != first {
			first = now
			changed++
		}
	}
	if changed == 0 || changed > 4 {
		t.Errorf("4000 lines made %d new indexes, want a few", changed)
	}
	for _, addr := range []string{"192.0.2.1", "172.16.0.0", "172.16.7.7", "172.16.15.159"} {
		v, err := s.look()
		if err != nil || v.index == nil {
			t.Fatalf("no index: %v", err)
		}
		_, ok, err := v.indexed(newWanted(query(addr, "x@example.org")))
		if !ok || err != nil {
			t.Errorf("%s: %v, %v", addr, ok, err)
		}
	}
}

// TestOrder: a line without an end does not swallow the next.
func TestAppendToHalfALine(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, "# by hand\n203.0.113.0/24")
	add(t, s, "198.51.100.7")
	if got, want := readWhite(t, s), "# by hand\n203.0.113.0/24\n198.51.100.7\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExpire(t *testing.T) {
	s := testStore(t)
	old, recent := noon.Add(-61*24*time.Hour).Format(time.RFC3339), noon.Add(-59*24*time.Hour).Format(time.RFC3339)
	writeWhite(t, s, "# kept\n"+
		"192.0.2.0/24 by hand\n"+
		"198.51.100.1 old since="+old+" delay=400\n"+
		"198.51.101.1 young since="+recent+"\n"+
		"203.0.113.0/24 said again\n"+
		"!192.0.2.7/32\n"+
		"not understood @\n"+
		"203.0.113.0/24 the last\n"+
		"!@nobody.example\n"+
		"old@example.org since="+old+"\n")
	for i, at := range []time.Duration{-15 * time.Hour, -13 * time.Hour, time.Hour} {
		if _, err := s.Check(query(fmt.Sprintf("10.0.%d.1", i), "bob@example.org"), noon.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	x, err := s.Expire(context.Background(), noon)
	if want := (Expired{Grey: 1, White: 4, Kept: 2}); x != want || err != nil {
		t.Errorf("%+v, %v; want %+v", x, err, want)
	}
	want := "# kept\n192.0.2.0/24 by hand\n198.51.101.1 young since=" + recent + "\n!192.0.2.7/32\nnot understood @\n203.0.113.0/24 the last\n"
	if got := readWhite(t, s); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n, err := s.entries(); n != 2 || err != nil {
		t.Errorf("the count is %d, %v; want 2", n, err)
	}
	if left, _ := s.list(greyFolder + "/192.0.2.25"); len(left) != 2 {
		t.Errorf("folders left: %q", left)
	}
	if x, err := s.Expire(context.Background(), noon); x != (Expired{Kept: 2}) || err != nil {
		t.Errorf("again: %+v, %v", x, err)
	}
}

// TestExpireKeepsWhatAPersonWrote: what a program has said again since then
// expires by itself.
func TestExpireKeepsWhatAPersonWrote(t *testing.T) {
	old, recent := noon.Add(-61*24*time.Hour).Format(time.RFC3339), noon.Add(-59*24*time.Hour).Format(time.RFC3339)
	for _, c := range []struct{ before, after string }{
		{"192.0.2.0/24 partner\n192.0.2.7 since=" + old + "\n", "192.0.2.0/24 partner\n"},
		{"192.0.2.0/24 partner\n192.0.2.7 since=" + old + "\n192.0.2.8 since=" + recent + "\n", "192.0.2.0/24 partner\n192.0.2.8 since=" + recent + "\n"},
		{"10.0.0.0/8 partner\n!10.1.0.0/24 guests\n10.1.0.7 since=" + old + "\n", "10.0.0.0/8 partner\n!10.1.0.0/24 guests\n"},
		{"192.0.2.7 since=" + recent + "\n192.0.2.0/24 partner\n", "192.0.2.0/24 partner\n"},
	} {
		s := testStore(t)
		writeWhite(t, s, c.before)
		_, err := s.Expire(context.Background(), noon)
		if got := readWhite(t, s); got != c.after || err != nil {
			t.Errorf("of %q is left %q, %v; want %q", c.before, got, err, c.after)
		}
	}
}

// TestExpireClock: a clock that is ten years ahead does not empty the lists.
func TestExpireClock(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, "198.51.100.1 since="+noon.Format(time.RFC3339)+"\n")
	const year, day = 8760 * time.Hour, 24 * time.Hour
	expire := func(at time.Duration) {
		t.Helper()
		if _, err := s.Expire(context.Background(), noon.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []time.Duration{0, 10 * year, -day, time.Hour} {
		expire(at)
	}
	for hour := range time.Duration(24) {
		expire(10*year + hour*time.Hour)
	}
	expire(2 * day)
	if readWhite(t, s) == "" {
		t.Error("the whitelist is empty")
	}
	// Nobody ran it for a year.
	for n := range time.Duration(60) {
		expire(year + n*day)
	}
	if text := readWhite(t, s); text != "" {
		t.Errorf("the whitelist is still %q", text)
	}
}

func TestExpireWhileExpiring(t *testing.T) {
	s := testStore(t)
	s.Check(query("198.51.100.7", "bob@example.org"), noon)
	l, err := s.lock(expireLock, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if x, err := s.Expire(context.Background(), noon.Add(24*time.Hour)); !x.Busy || err != nil {
		t.Errorf("%+v, %v; want Busy", x, err)
	}
}

// TestRefresh: who comes stays.
func TestRefresh(t *testing.T) {
	s := testStore(t)
	const day = 24 * time.Hour
	q := query("198.51.100.7", "bob@example.org")
	s.Check(q, noon)
	for at := time.Hour; at < 100*day; at += day {
		if _, err := s.Check(q, noon.Add(at)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Expire(context.Background(), noon.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := s.Look(q, noon.Add(100*day))
	if d.State != White || err != nil || strings.Count(readWhite(t, s), "\n") != 1 || d.Entry.Delay != time.Hour {
		t.Errorf("%+v, %v, %q", d, err, readWhite(t, s))
	}
	s.Expire(context.Background(), noon.Add(102*day)) // as time goes on
	for at := 102 * day; at <= 170*day; at += day {
		s.Expire(context.Background(), noon.Add(at))
	}
	if got := readWhite(t, s); got != "" {
		t.Errorf("who does not come stays: %q", got)
	}
}

// TestRefreshClock: who got on the list while the clock was years ahead is on it
// no longer than others.
func TestRefreshClock(t *testing.T) {
	s := testStore(t)
	const year = 365 * 24 * time.Hour
	q := query("198.51.100.7", "bob@example.org")
	s.Check(q, noon.Add(10*year))
	s.Check(q, noon.Add(10*year+time.Hour))
	for _, at := range []time.Duration{0, -72 * time.Hour, 72 * time.Hour} {
		if d, err := s.Check(q, noon.Add(at)); d.State != White || err != nil {
			t.Errorf("at %v: %v, %v; want white", at, d.State, err)
		}
	}
	list, err := s.Whitelist(nil)
	if err != nil || len(list) != 1 || list[0].Since.After(noon.Add(73*time.Hour)) {
		t.Errorf("%v, %v", list, err)
	}
}

func TestStats(t *testing.T) {
	s := testStore(t)
	for i, again := range []time.Duration{0, time.Minute, 400 * time.Second, 500 * time.Second, time.Hour} {
		q := query(fmt.Sprintf("10.0.%d.1", i), "bob@example.org")
		s.Check(q, noon)
		if again > 0 {
			s.Check(q, noon.Add(again))
		}
	}
	got, err := s.Stats(context.Background(), noon.Add(time.Hour))
	if err != nil || got.Seen != 5 || got.Retried != 4 || got.Passed != 3 || got.Listed != 3 || got.Median() != 500*time.Second {
		t.Errorf("%+v, median %v, %v", got, got.Median(), err)
	}
}

func FuzzEntry(f *testing.F) {
	for _, line := range []string{
		"192.0.2.1 mx.example.org since=2026-11-21T12:00:00Z delay=420", "!2001:db8::/32", ".example.org", "a@b", "@b",
		"spf:example.org x", "to:bob@", "10.1", "# c", " x", "::ffff:1.2.3.4/120", "1.2.3.4%", "to:", "!@.", "\n", "\r", "\u00a0",
		".x " + strings.Repeat("a\xff", 300), ".0..", "a@b..", "spf:x..",
		"." + strings.Repeat("\xa0", 300), "." + strings.Repeat("\u023a", 255), "@x." + strings.Repeat("\u00fc\u023a.", 60),
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, err := ParseEntry(line)
		if err != nil {
			return
		}
		text := e.String()
		again, err := ParseEntry(text)
		if strings.ContainsAny(text, "\n\r") {
			t.Fatalf("%q is more than a line", text)
		}
		if err != nil || again.key() != e.key() || again.Withdrawn != e.Withdrawn || !again.Since.Equal(e.Since.Truncate(time.Second)) || again.String() != text {
			t.Fatalf("%q became %q and %+v, %v", line, text, again, err)
		}
	})
}
