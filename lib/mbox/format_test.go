package mbox

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// FuzzQuote: a reader finds the messages that were written, as they were.
func FuzzQuote(f *testing.F) {
	f.Add("a@b", "Subject: x\n\nFrom y\n>From z\n", "x\nFrom ")
	f.Add("\nFrom x\n", "", "\n\n\n>>From \nFrom a\x00b")
	f.Add("", "From "+strings.Repeat("x", 70<<10)+"From y", ">")
	f.Fuzz(func(t *testing.T, sender, one, two string) {
		var box bytes.Buffer
		for _, text := range []string{one, two} {
			m := message(text)
			if err := (plan{head: FromLine(sender, date)}).writeTo(&box, m); err != nil {
				t.Fatal(err)
			}
		}
		got := messages(box.String())
		if len(got) != 2 {
			t.Fatalf("%d messages in %q", len(got), box.String())
		}
		for i, text := range []string{one, two} {
			if text != "" && !strings.HasSuffix(text, "\n") {
				text += "\n"
			}
			if got[i] != text {
				t.Errorf("%q came back as %q", text, got[i])
			}
		}
	})
}

// messages are those of a mailbox, as readers of mboxrd have them.
func messages(box string) (list []string) {
	quoted := regexp.MustCompile(`^>+From `)
	for line := range strings.Lines(box) {
		switch {
		case strings.HasPrefix(line, "From "):
			list = append(list, "")
			continue
		case quoted.MatchString(line):
			line = line[1:]
		}
		list[len(list)-1] += line
	}
	for i := range list {
		list[i] = strings.TrimSuffix(list[i], "\n") // the blank line behind it
	}
	return list
}
