package record

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the list of attributes into record.7")

const (
	listBegin = ".\\\" begin\n"
	listEnd   = ".\\\" end\n"
)

// mdoc is the table as the manual page has it.
func mdoc() string {
	var b strings.Builder
	b.WriteString(".Bl -tag -width Ds\n")
	for _, a := range Attributes() {
		fmt.Fprintf(&b, ".It Cm %s Pq Ev %s", a.Name, a.Env)
		if a.Token != "" {
			fmt.Fprintf(&b, " Ql %s", a.Token)
		}
		help := strings.ToUpper(a.Help[:1]) + a.Help[1:]
		if a.Flag {
			help = "Flag: " + a.Help
		}
		fmt.Fprintf(&b, "\n%s.\n", strings.TrimSuffix(help, "."))
	}
	b.WriteString(".El\n")
	return b.String()
}

func TestManual(t *testing.T) {
	page, err := os.ReadFile("record.7")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(page), listBegin)
	list, tail, ok2 := strings.Cut(rest, listEnd)
	if !ok1 || !ok2 {
		t.Fatal("record.7 has lost the marks around its list")
	}
	if *update {
		if err := os.WriteFile("record.7", []byte(head+listBegin+mdoc()+listEnd+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if list != mdoc() {
		t.Error("the list in record.7 is not the table; run: go test ./lib/record -run Manual -update")
	}
}
