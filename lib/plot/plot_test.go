package plot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestOption(t *testing.T) {
	tests := []struct {
		value string
		text  bool // for something that is no terminal
		err   string
	}{
		{"", false, ""},
		{"svg", false, ""},
		{"text", true, ""},
		{"png", false, `"png" is neither text nor svg`},
	}
	for _, tt := range tests {
		var o Option
		err := o.Set(tt.value)
		if got := fmt.Sprint(err); tt.err != "" && got != tt.err || tt.err == "" && err != nil {
			t.Errorf("%q: error %v, want %q", tt.value, err, tt.err)
		}
		if err == nil && (!o.On || o.IsText(new(bytes.Buffer)) != tt.text) {
			t.Errorf("%q: %+v", tt.value, o)
		}
	}
}

func TestScreenOf(t *testing.T) {
	tests := []struct {
		env  string
		want Screen
	}{
		{"", Screen{80, false}},
		{"COLUMNS=132 LANG=C.UTF-8", Screen{132, true}},
		{"COLUMNS=-3 LANG=de_DE.utf8 LC_ALL=C", Screen{80, false}},
		{"COLUMNS=5 LC_CTYPE=en_GB.UTF-8 LANG=C", Screen{20, true}},
		{"COLUMNS=99999999", Screen{1000, false}},
		{"COLUMNS=wide", Screen{80, false}},
	}
	for _, tt := range tests {
		getenv := func(name string) string {
			for word := range strings.FieldsSeq(tt.env) {
				if value, ok := strings.CutPrefix(word, name+"="); ok {
					return value
				}
			}
			return ""
		}
		if got := ScreenOf(new(bytes.Buffer), getenv); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.env, got, tt.want)
		}
	}
}

func TestBar(t *testing.T) {
	tests := []struct {
		part, whole float64
		width       int
		ascii, utf8 string
	}{
		{0, 10, 10, "", ""},
		{1, 0, 10, "", ""},
		{-1, 10, 10, "", ""},
		{5, 10, 0, "", ""},
		{0.001, 10, 10, "#", "▏"},
		{5, 10, 10, "#####", "█████"},
		{10, 10, 3, "###", "███"},
		{20, 10, 3, "###", "███"},
		{0.3, 1, 4, "#", "█▎"},
		{15, 16, 2, "##", "█▉"},
	}
	for _, tt := range tests {
		for _, s := range []Screen{{80, false}, {80, true}} {
			want := tt.ascii
			if s.UTF8 {
				want = tt.utf8
			}
			if got := s.Bar(tt.part, tt.whole, tt.width); got != want {
				t.Errorf("%v of %v in %d, %+v: got %q, want %q", tt.part, tt.whole, tt.width, s, got, want)
			}
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  string
	}{
		{"mail", 4, "mail"},
		{"mailhost", 4, "mai~"},
		{"mailhost", 1, "~"},
		{"mailhost", 0, ""},
		{"mailhost", -1, ""},
		{"a\x1b[31mb", 9, "a?[31mb"},
		{"\u202ex\x9b\xff", 9, "?x??"},
	}
	for _, tt := range tests {
		if got := (Screen{}).Fit(tt.text, tt.width); got != tt.want {
			t.Errorf("%q in %d: got %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
	if got := (Screen{UTF8: true}).Fit("mailhost", 4); got != "mai…" {
		t.Errorf("got %q", got)
	}
}

// draw makes a picture of all parts.
func draw(text string) string {
	p := NewPicture(200, 100, text)
	p.Text(Ink, 1, 2, text)
	p.Rect(First, 1, 2, 3, 4)
	p.Line(Rule, 1, 2, 3, 4)
	p.Dot(Other, 1, 2, 3)
	var b bytes.Buffer
	_ = p.Write(&b)
	return b.String()
}

// elements reads a picture as XML and gives the names of its elements and all
// text in it.
func elements(t *testing.T, picture string) (names []string, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(picture))
	d.Strict = true
	for {
		token, err := d.Token()
		if err == io.EOF {
			return names, text
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, picture)
		}
		switch token := token.(type) {
		case xml.StartElement:
			names = append(names, token.Name.Local)
		case xml.CharData:
			text += string(token)
		}
	}
}

func TestPicture(t *testing.T) {
	const hostile = "</text><script>alert('1')</script>&amp;\"\x1b\x00\ufffe\u202e"
	picture := draw(hostile)
	names, text := elements(t, picture)
	if got := strings.Join(names, " "); got != "svg title style rect text rect line circle" {
		t.Errorf("elements %s", got)
	}
	const harmless = "</text><script>alert('1')</script>&amp;\"\ufffd\ufffd\ufffd\ufffd"
	if strings.Count(text, harmless) != 2 {
		t.Errorf("text %q", text)
	}
	if strings.Contains(picture, "<script") || draw(hostile) != picture {
		t.Error("a script, or not the same picture twice")
	}
}

// FuzzPicture: whatever text there is, the picture is XML and has no element
// that it should not have.
func FuzzPicture(f *testing.F) {
	for _, seed := range []string{"", "a.example", "]]>", "<!--", "\xff\xfe", "&#0;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if names, got := elements(t, draw(text)); len(names) != 8 || !utf8.ValidString(got) {
			t.Errorf("%q: %q", text, names)
		}
		if got := (Screen{Columns: 20}).Fit(text, 7); len(got) > 7 || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is shown as %q", text, got)
		}
	})
}

// TestContrast: on either paper each colour stands out as much as WCAG 2.1 asks
// of text (1.4.3).
func TestContrast(t *testing.T) {
	for _, c := range colours[1:] {
		for _, on := range [][2]string{{c.light, colours[0].light}, {c.dark, colours[0].dark}} {
			a, b := luminance(t, on[0]), luminance(t, on[1])
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s on %s: %.1f", on[0], on[1], ratio)
			}
		}
	}
}

// luminance is the relative luminance of WCAG 2.1.
func luminance(t *testing.T, colour string) (l float64) {
	t.Helper()
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}
