package spf

import (
	"bufio"
	"context"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postern/lib/dns"
)

// scenario is one part of the public test suite for RFC 7208.
type scenario struct {
	name    string
	records map[string][]suiteRecord
	tests   []suiteTest
}

type suiteRecord struct {
	kind    string
	strings []string
}

type suiteTest struct {
	name, section, client, helo, sender string
	results                             []string
	explanation                         string
}

// Each test of the public suite gives the result that it wants, the first one
// where there are several, and the explanation.
func TestSuite(t *testing.T) {
	n := 0
	for _, s := range readSuite(t, "testdata/rfc7208-tests.txt") {
		c := &Checker{Resolver: dns.Func(s.query)}
		var err error
		if c.Rules.Explanation, err = ParseExplanation("DEFAULT"); err != nil {
			t.Fatal(err)
		}
		for _, test := range s.tests {
			n++
			t.Run(test.name, func(t *testing.T) { test.run(t, c) })
		}
	}
	if n != 203 {
		t.Errorf("%d tests, want the suite's 203", n)
	}
}

// secondBest are the tests whose other result is ours, and why.
var secondBest = map[string]string{}

func (test *suiteTest) run(t *testing.T, c *Checker) {
	r := c.Check(context.Background(), netip.MustParseAddr(test.client), test.sender, test.helo)
	got := r.Code.String()
	if !slices.Contains(test.results, got) {
		t.Fatalf("RFC 7208 %s: %s (%s), want %s", test.section, got, r.Problem, test.results)
	}
	if _, known := secondBest[test.name]; got != test.results[0] && !known {
		t.Errorf("RFC 7208 %s: %s, which is only second best to %s", test.section, got, test.results)
	}
	if test.explanation != "-" && r.Explanation != test.explanation {
		t.Errorf("RFC 7208 %s: explanation %q, want %q", test.section, r.Explanation, test.explanation)
	}
}

func readSuite(t *testing.T, file string) []*scenario {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []*scenario
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		w := suiteWords(sc.Text())
		switch {
		case len(w) == 0:
		case w[0] == "scenario" && len(w) == 2:
			all = append(all, &scenario{name: w[1], records: make(map[string][]suiteRecord)})
		case w[0] == "record" && len(w) >= 3:
			s, name := all[len(all)-1], strings.ToLower(w[1])
			s.records[name] = append(s.records[name], suiteRecord{w[2], w[3:]})
		case w[0] == "test" && len(w) == 8:
			s := all[len(all)-1]
			s.tests = append(s.tests, suiteTest{w[1], w[2], w[3], w[4], w[5], strings.Split(w[6], ","), w[7]})
		default:
			t.Fatalf("%s:%d: %q", file, n, w)
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// suiteWords splits a line into bare and quoted words. A comment has none.
func suiteWords(line string) []string {
	var words []string
	for line != "" && line[0] != '#' {
		word, _, _ := strings.Cut(line, " ")
		if quoted, err := strconv.QuotedPrefix(line); err == nil {
			word = quoted
		}
		line = strings.TrimPrefix(line[len(word):], " ")
		if plain, err := strconv.Unquote(word); err == nil {
			word = plain
		}
		words = append(words, word)
	}
	return words
}

// query answers as the suite's records say.
func (s *scenario) query(ctx context.Context, asked string, t dns.Type) (dns.Answer, error) {
	name := dns.Unescape(asked)
	for range 10 {
		answer, alias, err := s.records1(name, asked, t)
		if alias == "" {
			return answer, err
		}
		name = alias
	}
	return dns.Answer{}, &dns.Error{Name: asked, Type: t, Kind: dns.ErrTemporary, Reason: "a loop of aliases"}
}

func (s *scenario) records1(name, asked string, t dns.Type) (a dns.Answer, alias string, err error) {
	records, exists := s.records[name]
	ownTXT := slices.ContainsFunc(records, func(r suiteRecord) bool { return r.kind == "TXT" })
	for _, r := range records {
		kind := r.kind
		switch {
		case kind == "CNAME":
			return a, strings.ToLower(strings.TrimSuffix(r.strings[0], ".")), nil
		case kind == "TIMEOUT" && len(a.Records) == 0:
			return a, "", &dns.Error{Name: asked, Type: t, Kind: dns.ErrTemporary, Reason: "time-out"}
		case kind == "SPF" && !ownTXT:
			kind = "TXT"
		}
		if kind == t.String() && !slices.Equal(r.strings, []string{"NONE"}) {
			a.Records = append(a.Records, dns.Record{Name: name, Type: t, Data: r.data(kind)})
		}
	}
	if len(a.Records) == 0 {
		return a, "", &dns.Error{Name: asked, Type: t, Kind: dns.ErrNotFound, NoName: !exists}
	}
	return a, "", nil
}

// data is the record's data as zone files have it.
func (r suiteRecord) data(kind string) string {
	switch kind {
	case "TXT":
		var quoted []string
		for _, s := range r.strings {
			quoted = append(quoted, zoneString(s))
		}
		return strings.Join(quoted, " ")
	case "MX":
		return r.strings[0] + " " + strings.TrimSuffix(r.strings[1], ".") + "."
	case "PTR":
		return strings.TrimSuffix(r.strings[0], ".") + "."
	}
	return r.strings[0]
}

// zoneString quotes a string as zone files do (RFC 1035 5.1).
func zoneString(s string) string {
	b := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
