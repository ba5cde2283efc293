package header

import (
	"slices"
	"strings"
	"testing"
)

func TestAppendAuthResults(t *testing.T) {
	got := string(AppendAuthResults(nil, "mx.example.org", [][]string{
		{"iprev=pass", "policy.iprev=192.0.2.1"},
		{"spf=pass", "(192.0.2.1 may send mail from example.org)", "smtp.mailfrom=a@example.org"},
	}))
	const want = "Authentication-Results: mx.example.org; iprev=pass policy.iprev=192.0.2.1;\n" +
		"\tspf=pass (192.0.2.1 may send mail from example.org)\n" +
		"\tsmtp.mailfrom=a@example.org\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for id, want := range map[string]string{"a;\nb": "unknown", "[192.0.2.1]": `"[192.0.2.1]"`, "a=b": `"a=b"`, "a_b-c.d": "a_b-c.d"} {
		if got := string(AppendAuthResults(nil, id, nil)); got != "Authentication-Results: "+want+"\n" {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}

func TestAuthservID(t *testing.T) {
	for body, want := range map[string]string{
		"":                                  "",
		"mx.example":                        "mx.example",
		"MX.Example.; spf=pass":             "mx.example",
		"mx.example 1; none":                "mx.example",
		"mx.example(x); none":               "mx.example",
		"\tmx.example\n ; none":             "mx.example",
		"(a (b) \\) c) (d)mx.example; none": "mx.example",
		`"mx.example"; none`:                "mx.example",
		`"mx\.ex\ample" 1; none`:            "mx.example",
		`"mx.example`:                       "mx.example",
		"(unclosed mx.example":              "",
		"; spf=pass":                        "",
		`""; spf=pass`:                      "",
		"mx.example/1; spf=pass":            "mx.example",
		"mx.example=spf=pass":               "mx.example",
		"[192.0.2.1]; spf=pass":             "",
	} {
		if got := AuthservID(body); got != want {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}

func FuzzAuthservID(f *testing.F) {
	f.Add(`(x) "mx\.example" 1; spf=pass`)
	f.Fuzz(func(t *testing.T, body string) {
		AuthservID(body)
		if AuthservID("mx.example; "+body) != "mx.example" {
			t.Errorf("what follows hides the name: %q", body)
		}
	})
}

func FuzzAppendAuthResults(f *testing.F) {
	f.Add("mx.example", "spf=pass")
	f.Fuzz(func(t *testing.T, id, piece string) {
		if strings.ContainsAny(piece, "\r\n") || strings.TrimSpace(piece) == "" {
			return // pieces are fit for a field
		}
		text := AppendAuthResults(nil, id, [][]string{{piece}})
		if n := len(slices.Collect(Fields(text))); n != 1 {
			t.Errorf("%d fields: %q", n, text)
		}
	})
}
