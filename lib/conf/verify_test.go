package conf

import (
	"testing"
)

func TestVerify(t *testing.T) {
	_, table := newTable()
	if err := table.Verify(); err != nil {
		t.Errorf("a good table: %v", err)
	}
	n, m, list := 5, 6, []string(nil)
	bad := NewTable(Of([]Row[settings]{
		{Name: "A", Help: "x", Default: "7", Value: func(*settings) Value { return Int(&n, 0, 9) }},
		{Name: "b", Synonyms: []string{"!A-"}, Help: "x", Default: "10", Value: func(*settings) Value { return Int(&n, 0, 9) }},
		{Name: "c", Value: func(*settings) Value { return Int(&n, 0, 9) }},
		{Name: "d", Help: "x"},
		{Name: "e", Help: "x", Value: func(*settings) Value { return Int(&m, 0, 9) }},
		{Name: "f", Help: "x", Default: `"`, Value: func(*settings) Value { return Strings(&list) }},
		{Name: "g", Help: "x", Old: Old{Plan9: "x"}, Default: "6", Value: func(*settings) Value { return Int(&m, 0, 9) }},
	}, new(settings)))
	want := `A: default 7, but the variable is 5
b: the name !A- is that of A too
b: default "10": 10 is not in 0 to 9
c: no help
d: nothing to set
e: no default, but the variable is 6
f: default "\"": a " is not closed
g: default "x" of plan9: "x" is not a number`
	if got := errText(bad.Verify()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if n != 5 || m != 6 || list != nil {
		t.Errorf("Verify left %d, %d, %q", n, m, list)
	}
}
