package header

import (
	"slices"
	"strings"
	"testing"
)

func TestReceivedSPFHosts(t *testing.T) {
	for body, want := range map[string]string{
		"": "",
		"pass (mx.example: 192.0.2.1 may send) receiver=mx.example; client-ip=192.0.2.1": "mx.example mx.example",
		"Pass (mailfrom) identity=mailfrom; receiver=<UNKNOWN> ":                         "<unknown>",
		"pass (google.com: domain of a@b designates) client-ip=192.0.2.1;":               "google.com",
		"pass (domain of a@b: designates) client-ip=192.0.2.1;":                          "",
		`fail RECEIVER = (x) "MX\.Example." (y); helo=x`:                                 "mx.example",
		"pass(a.example: (b.example: x) y)receiver=c.example":                            "a.example c.example",
		`none helo="receiver=a.example"; receiver=b.example;receiver=c.example`:          "b.example c.example",
		"receiver=mx.example":                "mx.example",
		"pass (unclosed receiver=mx.example": "",
		`pass receiver="unclosed`:            "unclosed",
		"pass receiver=; =x; x==y":           "",
	} {
		if got := strings.Join(ReceivedSPFHosts(body), " "); got != want {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}

func FuzzReceivedSPFHosts(f *testing.F) {
	f.Add(`pass (mx.example: x) receiver="mx\.example"; helo=x`)
	f.Add("pass (((")
	f.Fuzz(func(t *testing.T, body string) {
		if ReceivedSPFHosts(body); !slices.Contains(ReceivedSPFHosts("pass receiver=mx.example; "+body), "mx.example") {
			t.Errorf("what follows hides the name: %q", body)
		}
	})
}
