package e2e

import (
	"os"
	"strings"
	"testing"
)

// Example is a command that a manual page shows, and what it prints.
type Example struct {
	Line   string   // the command line
	Stdin  string   // what echo writes into the command, if it does
	Args   []string // of the command, which is not among them
	Filter string   // the command that has its output, if one has
	Want   string   // what is printed
}

// Examples are those of the first display behind EXAMPLES in a page. There
// each line with a command begins with "$ ".
func Examples(t testing.TB, page string) (list []Example) {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "\n.Sh EXAMPLES\n")
	_, text, _ = strings.Cut(text, ".Bd -literal -offset indent\n$ ")
	text, _, found := strings.Cut(text, ".Ed")
	if !found {
		t.Fatalf("%s shows no examples", page)
	}
	for _, step := range strings.Split(text, "\n$ ") {
		line, want, _ := strings.Cut(step, "\n")
		list = append(list, example(line, want))
	}
	return list
}

// example reads a line of the form [echo words |] command words [| filter].
func example(line, want string) Example {
	e := Example{Line: line, Want: strings.TrimSpace(want)}
	command := line
	if words, ok := strings.CutPrefix(line, "echo "); ok {
		e.Stdin, command, _ = strings.Cut(words, " | ")
		e.Stdin = strings.ReplaceAll(e.Stdin, "'", "") + "\n"
	}
	command, e.Filter, _ = strings.Cut(command, " | ")
	e.Args = words(command)[1:]
	return e
}

// words splits a command line in which single quotes may stand.
func words(line string) (list []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			list = append(list, part)
			continue
		}
		list = append(list, strings.Fields(part)...)
	}
	return list
}
