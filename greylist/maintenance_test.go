package main

import (
	"os"
	"strings"
	"testing"
)

// TestCrontab: cron does what the unit does, as the same user, each hour.
func TestCrontab(t *testing.T) {
	unit, err := os.ReadFile("greylist.service")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("greylist.cron")
	if err != nil {
		t.Fatal(err)
	}
	jobs := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		jobs++
		words := strings.Fields(line)
		if len(words) < 7 || strings.Join(words[1:5], " ") != "* * * *" {
			t.Fatalf("%q is no line of /etc/cron.d for each hour", line)
		}
		for _, want := range []string{"\nUser=" + words[5] + "\n", "\nExecStart=" + strings.Join(words[6:], " ") + "\n"} {
			if !strings.Contains(string(unit), want) {
				t.Errorf("the unit does not say %q", want)
			}
		}
	}
	if n := strings.Count(string(unit), "\nExecStart="); jobs != n {
		t.Errorf("%d lines, and %d commands of the unit", jobs, n)
	}
}
