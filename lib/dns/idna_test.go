package dns

import "testing"

// Samples of RFC 3492 7.1, in lower case, and one more.
func TestPunycode(t *testing.T) {
	tests := []struct{ in, want string }{
		{"他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"},
		{"pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a"},
		{"למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"},
		{"почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"},
		{"3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"},
		{"-> $1.00 <-é", "-> $1.00 <--lbb"},
		{"bücher", "bcher-kva"},
	}
	for _, tt := range tests {
		if got := punycode([]rune(tt.in)); got != tt.want {
			t.Errorf("punycode(%s) = %s, want %s", tt.in, got, tt.want)
		}
		if got, ok := unpunycode(tt.want); got != tt.in || !ok {
			t.Errorf("unpunycode(%s) = %s, %v, want %s", tt.want, got, ok, tt.in)
		}
	}
}

func TestToUnicode(t *testing.T) {
	for name, want := range map[string]string{
		"a.XN--Bcher-kva.example": "a.bücher.example",
		"bücher.example":          "bücher.example",
		"xn--.example":            "xn--.example",
		"xn---.example":           "xn---.example",
		"xn--abc-.example":        "xn--abc-.example", // is ASCII
		"xn--99999999.example":    "xn--99999999.example",
		"xn--bcher-kv!.example":   "xn--bcher-kv!.example",
		"Example":                 "Example",
		"":                        "",
	} {
		if got := ToUnicode(name); got != want {
			t.Errorf("ToUnicode(%q) = %q, want %q", name, got, want)
		}
	}
}

// What ToUnicode makes of a name is the same name.
func FuzzToUnicode(f *testing.F) {
	for _, s := range []string{"xn--bcher-kva.example", "bücher", "xn--ihqwcrb4cv8a8dqg056pqjye", "xn--zzzzzzzz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if u := ToUnicode(name); ToASCII(u) != ToASCII(name) {
			t.Errorf("%q: %q is %q", name, u, ToASCII(u))
		}
	})
}
