package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the page shows works.
func TestExamples(t *testing.T) {
	page, err := os.ReadFile("limit.1")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(page), "\n.Sh EXAMPLES\n")
	if !ok {
		t.Fatal("no examples")
	}
	t.Chdir(t.TempDir())
	ran := regexp.MustCompile(`(?m)^limit (.*?)(?: &&.*)?$`).FindAllStringSubmatch(text, -1)
	for _, m := range ran {
		var errs strings.Builder
		if status := run(strings.Fields(m[1]), nil, &errs, &errs); status != 0 {
			t.Errorf("limit %s: %d %s", m[1], status, &errs)
		}
	}
	if len(ran) != 3 {
		t.Errorf("%d examples found", len(ran))
	}
}

// The crontab is one, and sweeps what the unit does.
func TestCrontab(t *testing.T) {
	text, err := os.ReadFile("limit.cron")
	if err != nil {
		t.Fatal(err)
	}
	unit, err := os.ReadFile("limit.service")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^[^#\n].*$`).FindAllString(string(text), -1)
	for _, line := range lines {
		m := regexp.MustCompile(`^(?:[\d*/,-]+ ){5}postern (/\S+/limit --sweep.*) >/dev/null$`).FindStringSubmatch(line)
		if m == nil || !strings.Contains(string(unit), "\nExecStart="+m[1]+"\n") {
			t.Errorf("%q is no line of /etc/cron.d, or not what the unit does", line)
		}
	}
	if n := strings.Count(string(unit), "\nExecStart="); n != len(lines) {
		t.Errorf("%d lines, %d in the unit", len(lines), n)
	}
}
