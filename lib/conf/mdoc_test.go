package conf

import (
	"strings"
	"testing"
)

func TestMdoc(t *testing.T) {
	table := NewTable(Of([]Row[settings]{
		{Name: "DSN", Synonyms: []string{"X", "!No-DSN"}, Args: "[on|off] more", Default: `a "b\`, Repeat: true,
			Old: Old{Plan9: "b", Avenger: Unset}, Help: "One thing. 'Another", Other: "listen"},
		{Name: "B", Help: ".x.", Repeat: true},
	}, new(settings)))
	want := `.Bl -tag -width Ds
.It Ic \&DSN Ar [on|off] more
One thing.
\&'Another.
The default is
.Ql "a \(dqb\e" .
In the dialect
.Cm avenger
it is
.Ql unset .
In the dialect
.Cm plan9
it is
.Ql \&b .
Also called
.Ic \&X ,
.Ic No\-DSN No (the opposite) .
It is obeyed by
.Xr listen 8 .
.It Ic \&B
\&.x.
It may be repeated.
.El
`
	var got strings.Builder
	if err := table.Mdoc(&got); err != nil || got.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, &got, want)
	}
}
