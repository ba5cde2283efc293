package rewrite

import (
	"errors"
	"slices"
	"testing"
)

func TestCommand(t *testing.T) {
	tests := []struct {
		rule, address, sender string
		want                  []string
	}{
		{`(.*)@x | /bin/cat \1`, "joe@x", "", []string{"/bin/cat", "joe"}},
		{`(.*)@x | '/bin/cat -f \s' '-- \1'`, "joe@x", "a@b", []string{"/bin/cat", "-f", "a@b", "--", "joe"}},
		{`(.*)@x | '/bin/cat "of \1"'`, "joe@x", "", []string{"/bin/cat", "of joe"}},
		{`(.*)@x | '/bin/cat \s' &`, "joe@x", "", []string{"/bin/cat", "", "joe@x"}},
		{`(.*)@x | /bin/cat \1`, `"; rm -rf / #"@x`, "", []string{"/bin/cat", `"; rm -rf / #"`}},
		{`(.*)@x | /bin/cat \1`, "$(reboot)`x`@x", "", []string{"/bin/cat", "$(reboot)`x`"}},
		{`(.*)@x | /bin/cat '--for=\1'`, "-x@x", "", []string{"/bin/cat", "--for=-x"}},
		{`(.*)@x | '/bin/cat -- \1'`, "-x@x", "", []string{"/bin/cat", "--", "-x"}},
		{`(.*)@x | '/bin/cat \1'`, "-x@x", "", nil},
		{`(.*)@x | '/bin/cat \s --'`, "x@x", "-rf@x", nil},
	}
	for _, tt := range tests {
		m, ok, err := parse(t, tt.rule).Find(tt.address, "h", false)
		if !ok || err != nil {
			t.Fatal(tt.rule, ok, err)
		}
		got, err := m.Command(Values{Host: "h", Sender: tt.sender})
		if !slices.Equal(got, tt.want) || errors.Is(err, ErrOption) != (tt.want == nil) {
			t.Errorf("%s for %s: got %q, %v, want %q", tt.rule, tt.address, got, err, tt.want)
		}
	}
}

func FuzzJoin(f *testing.F) {
	f.Add("/bin/cat", "")
	f.Add("a b", `it's "so"`)
	f.Add("\t", `\`)
	f.Fuzz(func(t *testing.T, a, b string) {
		text := Join([]string{a, b})
		if got, err := Split(text); err != nil || !slices.Equal(got, []string{a, b}) {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, []string{a, b})
		}
	})
}
