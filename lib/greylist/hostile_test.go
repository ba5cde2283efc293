package greylist

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What becomes a line says what was meant, and is one line.
func TestSubjectsThatAreNone(t *testing.T) {
	for _, word := range []string{
		"ann@news.example\n0.0.0.0/0", "ann@news.example 0.0.0.0/0", "\"ann b\"@news.example",
		"#ann@news.example", "ann@news.example\r", "spf:a\x00b", ".big.example\t",
		strings.Repeat("a", maxLine) + "@news.example", "", "!",
		"ann@", "to:bob", "to:@", "@", "<ann@news.example>", "news.example", "*.news.example", "spf:@news.example",
	} {
		if e, err := ParseSubject(word); err == nil {
			t.Errorf("%q is taken for %q", word, e.String())
		}
	}
}

// A sender's domain comes from the network.
func TestDomainThatIsNoWord(t *testing.T) {
	s := testStore(t, func(c *Config) { c.BySPF = true })
	q := query("198.51.100.7", "bob@example.org")
	q.SPF = "x.example\n0.0.0.0/0"
	for _, at := range []time.Duration{0, time.Hour} {
		if _, err := s.Check(q, noon.Add(at)); err != nil {
			t.Error(err)
		}
	}
	if text := readWhite(t, s); !strings.HasPrefix(text, "198.51.100.7 ") || strings.Count(text, "\n") != 1 {
		t.Errorf("the whitelist is %q", text)
	}
}

// Lists and decisions agree about what a withdrawal is about.
func TestWithdrawnOfLists(t *testing.T) {
	for text, want := range map[string]string{
		"jimbob@news.example\n!bob@news.example\n":        "jimbob@news.example",
		"to:jimbob@\n!to:bob@\n":                          "to:jimbob@",
		"bob@news.example\n!bob@news.example\n":           "",
		"spf:mail.news.example\n!spf:news.example\n":      "spf:mail.news.example",
		".mail.news.example\n!.news.example\n":            "",
		"bob@news.example\n!@news.example\n":              "",
		"to:bob@here.example\n!to:@here.example\n":        "",
		"to:bob@here.example\n!to:bob@\n":                 "",
		"to:bob@\n!to:bob@here.example\n":                 "to:bob@",
		"!198.51.100.0/24\n198.51.100.0/25\n":             "198.51.100.0/25",
		"198.51.100.0/24\n!198.51.100.0/25\n":             "198.51.100.0/24",
		"198.51.100.0/24\n!198.51.100.7/32\n":             "198.51.100.0/24",
		"198.51.100.7/32\n!198.51.100.0/24\n10.0.0.0/8\n": "10.0.0.0/8",
	} {
		s := testStore(t)
		writeWhite(t, s, text)
		list, err := s.Whitelist(nil)
		got := ""
		for i := range list {
			got += list[i].Subject()
		}
		if got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

// What a person appends while a program does is in the index too.
func TestAppendOfAnother(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, padding())
	add(t, s, "203.0.113.1/32") // makes the index
	f, err := s.open(whiteName, unix.O_RDWR|unix.O_APPEND)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	before, err := stateOf(f)
	if err != nil {
		t.Fatal(err)
	}
	shellAppend(t, f.Name(), "198.51.100.7\n")
	e, err := ParseSubject("203.0.113.2/32")
	if err = errors.Join(err, s.extend(f, before, []Entry{e})); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"198.51.100.7", "203.0.113.1", "203.0.113.2"} {
		if d, err := s.Look(query(addr, "bob@example.org"), noon); d.State != White || err != nil {
			t.Errorf("%s: %v, %v", addr, d.State, err)
		}
	}
}

// What a person appends while the whitelist is made anew is not lost, be it
// before the new one has its name or after.
func TestAppendWhileExpiring(t *testing.T) {
	s := testStore(t)
	const text = "192.0.2.1\n"
	writeWhite(t, s, text)
	v, err := s.openFiles()
	if err = errors.Join(err, s.prepareWhite([]byte(text))); err != nil {
		t.Fatal(err)
	}
	defer v.close()
	shellAppend(t, s.Dir+"/"+whiteName, "198.51.100.7\n")
	if err := s.replaceWhite(&v); !errors.Is(err, errStale) {
		t.Errorf("got %v, want %v", err, errStale)
	}
	if got, want := readWhite(t, s), text+"198.51.100.7\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAppendToTheOld(t *testing.T) {
	s := testStore(t)
	const text = "192.0.2.1\n"
	writeWhite(t, s, text+"192.0.2.1\n")
	v, err := s.openFiles()
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	shellAppend(t, s.Dir+"/"+whiteName, "198.51.100.7\n")
	replaceFile(t, s.Dir+"/"+whiteName, text)
	if err := s.takeOver(&v); err != nil {
		t.Error(err)
	}
	if got, want := readWhite(t, s), text+"198.51.100.7\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A list writes to more of our users than are kept of one client, and comes
// again to all of them in the same order.
func TestManyRecipients(t *testing.T) {
	s := testStore(t)
	passed := 0
	for round := range time.Duration(4) {
		for i := range 4 * maxOfOne {
			d, err := s.Check(query("198.51.100.7", fmt.Sprintf("r%d@example.org", i)), noon.Add(round*time.Hour+time.Duration(i)*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if !d.Deferred() {
				passed++
			}
		}
	}
	if passed == 0 {
		t.Error("nobody passed")
	}
}

// Letters whose lower case is shorter or longer, and domains in another form.
func TestOtherLetters(t *testing.T) {
	for _, tt := range []struct {
		line string
		q    Query
	}{
		{"@news.example", Query{Sender: strings.Repeat("\u212a", 11) + "@news.example"}},
		{"kk@news.example", Query{Sender: "\u212aK@NEWS.example"}},
		{"@xn--bcher-kva.example", Query{Sender: "ann@b\u00fccher.example"}},
		{"@B\u00dcCHER.example", Query{Sender: "ann@xn--bcher-kva.example"}},
		{"to:bob@b\u00fccher.example", Query{Recipient: "bob@XN--BCHER-KVA.example"}},
		{"to:\u212a@", Query{Recipient: "k@here.example"}},
		{"spf:b\u00fccher.example", Query{SPF: "xn--bcher-kva.example"}},
		{".b\u00fccher.example", Query{Name: func() string { return "mx.xn--bcher-kva.example" }}},
	} {
		for _, before := range []string{"", padding()} {
			s := testStore(t)
			writeWhite(t, s, before+tt.line+"\n")
			tt.q.Remote = query("198.51.100.7", "").Remote
			if d, err := s.Look(&tt.q, noon); d.State != White || err != nil {
				t.Errorf("%s, text of %d octets: %v, %v", tt.line, len(before), d.State, err)
			}
		}
	}
}

// FuzzWanted: what is found by reading the text is found by the index, and
// nothing else.
func FuzzWanted(f *testing.F) {
	f.Add("@news.example", "198.51.100.7", "ann@news.example", "bob@here.example", "mx.big.example", "spf.example")
	f.Add("to:\u212a@", "2001:db8::7", "\u212a@x", "\u212a@y", "a..b", "\u00fc.example")
	f.Add("!.b.", "::ffff:1.2.3.4", "@", "a@b@c", ".b.", "x")
	f.Fuzz(func(t *testing.T, line, remote, sender, recipient, name, spf string) {
		e, err := ParseEntry(line)
		if err != nil {
			return
		}
		q := &Query{Sender: sender, Recipient: recipient, SPF: spf, Name: func() string { return name }}
		q.Remote, _ = netip.ParseAddr(remote)
		h := head{Kinds: 1<<kinds - 1}
		h.note(&e)
		w, found := newWanted(q), false
		h.keys(e.Kind, w, func(k key) error {
			found = found || k == e.key()
			return nil
		})
		if found != w.has(&e) {
			t.Errorf("%q: by the index %v, by reading %v", line, found, !found)
		}
	})
}
