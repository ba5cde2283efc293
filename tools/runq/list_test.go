package main

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"postern/lib/record"
)

// listed fills a queue with an entry of each kind, and lists it.
func listed(t *testing.T, c *config) (b *bench, text string) {
	t.Helper()
	b = newBench(t)
	b.add(t, "ok", "busy", "far")
	b.addKept(t, "no")
	bad := b.add(t, "ok")
	b.spoil(t, bad)
	b.do(t, &config{})
	b.add(t, "ok b")
	var out bytes.Buffer
	if err := c.show(context.Background(), b.queue, everybody, &out); err != nil {
		t.Fatal(err)
	}
	return b, out.String()
}

func TestListForAPerson(t *testing.T) {
	_, got := listed(t, &config{list: true})
	for _, want := range []string{
		`(?m)^\w+ +17B  \w{3} .\d \d\d:\d\d  new  sender@example\.net\n    wait  "ok b"@example\.org$`,
		`(?m)^\w+ +17B  .*  due in [56]m0s  sender@example\.net$`,
		`(?m)^    done  ok@example\.org  tried 1, last \d+s ago: 250 2\.0\.0 delivered$`,
		`(?m)^    wait  busy@example\.org  tried 1, last \d+s ago: 450 4\.2\.0 busy$`,
		`(?m)^    wait  far@example\.org  tried 1, last \d+s ago: 451 4\.4\.1 no answer`,
		`(?m)^\w+ +17B  .*  failed  <>\n    fail  no@example\.org  tried 1, .*: 550 5\.1\.1 no such user$`,
		`(?m)^\w+  damaged$`,
		`(?m)^-- 4 entries, 51B: 1 new, 1 wait, 0 held, 1 failed, 1 damaged$`,
	} {
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

func TestListAsRecords(t *testing.T) {
	_, lines := listed(t, &config{records: true})
	_, objects := listed(t, &config{json: true})
	var names, fields []string
	for line := range strings.Lines(lines) {
		r, err := record.ParseLine([]byte(line))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		s := ""
		for name := range r.All() {
			if _, ok := record.Find(name); !ok {
				t.Errorf("%s is in no table", name)
			}
			s += name + " "
		}
		names = append(names, s+r.Value("recipient")+r.Value("state"))
	}
	for line := range strings.Lines(objects) {
		var o map[string]string
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		fields = append(fields, o["recipient"]+o["state"])
	}
	if len(names) != 6 || len(fields) != 6 {
		t.Errorf("%d lines, %d objects, want 6 each\n%s%s", len(names), len(fields), lines, objects)
	}
	for i := range fields {
		if !strings.HasSuffix(names[i], fields[i]) {
			t.Errorf("line %q, object %q", names[i], fields[i])
		}
	}
}

func TestListSome(t *testing.T) {
	b, _ := listed(t, &config{list: true})
	for query, want := range map[string]int{"example.org": 5, "EXAMPLE.ORG": 5, "example.com": 0, "nosuch": 0, b.add(t, "ok"): 1} {
		var out bytes.Buffer
		c := &config{records: true, queries: []string{query}}
		if err := c.show(context.Background(), b.queue, everybody, &out); err != nil {
			t.Fatal(err)
		}
		got := strings.Count(out.String(), "\n")
		if query == "example.org" || query == "EXAMPLE.ORG" {
			got -= strings.Count(out.String(), "place=new") - 1 // one more has been added
		}
		if got != want {
			t.Errorf("-q %s: %d lines, want %d", query, got, want)
		}
	}
}
