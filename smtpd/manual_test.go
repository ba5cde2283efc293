package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"postern/lib/place"
)

// TestManualListsDirectives compares smtpd.conf(5) with the table of
// directives. POSTERN_UPDATE=1 writes the table's list into the page.
func TestManualListsDirectives(t *testing.T) {
	const page = "smtpd.conf.5"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin := strings.Index(string(text), ".\\\" begin:")
	end := strings.Index(string(text), ".\\\" end\n")
	if begin < 0 || end < begin {
		t.Fatalf("%s does not mark the list of directives", page)
	}
	begin += strings.Index(string(text[begin:]), "\n") + 1
	var want bytes.Buffer
	table := defaultConfig(new(flags), place.New("")).directives()
	if err := table.Mdoc(&want); err != nil {
		t.Fatal(err)
	}
	if string(text[begin:end]) == want.String() {
		return
	}
	if os.Getenv("POSTERN_UPDATE") != "1" {
		t.Fatalf("%s does not list what config.go has; run POSTERN_UPDATE=1 go test ./smtpd -run Manual", page)
	}
	updated := string(text[:begin]) + want.String() + string(text[end:])
	if err := os.WriteFile(page, []byte(updated), 0o644); err != nil {
		t.Fatal(err)
	}
}
