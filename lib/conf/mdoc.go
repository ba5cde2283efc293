package conf

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Mdoc writes the table as the list of directives of a manual page, in mdoc(7).
func (t *Table) Mdoc(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString(".Bl -tag -width Ds\n")
	for _, row := range t.all {
		row.mdoc(b)
	}
	b.WriteString(".El\n")
	return b.Flush()
}

func (row *directive) mdoc(b *bufio.Writer) {
	fmt.Fprintf(b, ".It Ic %s", mdocWord(row.Name))
	for i, word := range strings.Fields(row.Args) {
		if i == 0 {
			b.WriteString(" Ar")
		}
		b.WriteString(" " + mdocWord(word))
	}
	b.WriteString("\n")
	mdocText(b, row.Help)
	if row.Repeat && row.Other == "" && row.Void == "" { // of others, their pages say it
		mdocText(b, "It may be repeated.")
	}
	if row.Default != "" {
		fmt.Fprintf(b, "The default is\n.Ql %s .\n", mdocWord(row.Default))
	}
	row.mdocDialects(b)
	if names := row.synonyms(); len(names) > 0 {
		fmt.Fprintf(b, "Also called\n.Ic %s .\n", strings.Join(names, " ,\n.Ic "))
	}
	if row.Void != "" {
		mdocText(b, "It is accepted and has no effect: "+row.Void+".")
	}
	if row.Other != "" {
		fmt.Fprintf(b, "It is obeyed by\n.Xr %s 8 .\n", mdocWord(row.Other))
	}
}

// mdocDialects names the other defaults.
func (row *directive) mdocDialects(b *bufio.Writer) {
	for _, d := range oldDialects {
		value := row.Old.of(d)
		switch value {
		case "":
			continue
		case Unset:
			value = "unset"
		}
		fmt.Fprintf(b, "In the dialect\n.Cm %s\nit is\n.Ql %s .\n", d, mdocWord(value))
	}
}

// synonyms gives the other names, those that negate it with a word about it.
func (row *directive) synonyms() []string {
	var names []string
	for _, s := range row.Synonyms {
		name, negated := strings.CutPrefix(s, "!")
		name = mdocWord(name)
		if negated {
			name += " No (the opposite)"
		}
		names = append(names, name)
	}
	return names
}

// mdocWord makes text one argument of a macro, whatever is in it.
func mdocWord(text string) string {
	text = strings.ReplaceAll(text, `\`, `\e`)
	text = strings.ReplaceAll(text, `"`, `\(dq`)
	text = strings.ReplaceAll(text, "-", `\-`)
	if strings.ContainsAny(text, " \t") {
		return `"` + text + `"`
	}
	// The name of a macro, or a lone point or bracket, is not taken for it.
	if len(text) <= 3 {
		return `\&` + text
	}
	return text
}

// mdocText writes sentences, each on a line of its own.
func mdocText(b *bufio.Writer, text string) {
	text = strings.ReplaceAll(text, `\`, `\e`)
	for sentence := range strings.SplitSeq(text, ". ") {
		sentence = strings.TrimSpace(sentence)
		if sentence == "" {
			continue
		}
		if sentence[0] == '.' || sentence[0] == '\'' {
			sentence = `\&` + sentence
		}
		if !strings.HasSuffix(sentence, ".") {
			sentence += "."
		}
		b.WriteString(sentence + "\n")
	}
}
