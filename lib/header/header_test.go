package header

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var when = time.Date(2026, 11, 21, 1, 49, 27, 0, time.FixedZone("", -5400))

func TestReceived(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	tests := []struct {
		name string
		r    Received
		want string
	}{
		{"all of it", Received{Helo: "client.example", Name: "mx.example", Addr: v4, By: "host.example", With: "ESMTPS", TLS: "TLS1.3 TLS_AES_128_GCM_SHA256", ID: "19a2b", For: "a@example.org", Date: when},
			"Received: from client.example (mx.example [192.0.2.1]) by host.example\n" +
				"\twith ESMTPS (TLS1.3 TLS_AES_128_GCM_SHA256) id 19a2b\n" +
				"\tfor <a@example.org>; Sat, 21 Nov 2026 01:49:27 -0130\n"},
		{"little", Received{Helo: "a", Addr: v6, By: "b", With: "SMTP", Date: when},
			"Received: from a ([IPv6:2001:db8::1]) by b with SMTP;\n\tSat, 21 Nov 2026 01:49:27 -0130\n"},
		{"identities", Received{Helo: "a", Addr: v4, Ident: "joe", Auth: `b")(\` + "\n\u00fc", Peer: "CN=c", By: "b", Date: when},
			"Received: from a ([192.0.2.1] ident: \"joe\" smtp-auth: \"b???????\"\n\tTLS-PEER-CN1: \"CN=c\") by b; Sat, 21 Nov 2026 01:49:27 -0130\n"},
		{"mapped address", Received{Helo: "a", Addr: netip.MustParseAddr("::ffff:192.0.2.1"), By: "b", Date: when},
			"Received: from a ([192.0.2.1]) by b; Sat, 21 Nov 2026 01:49:27 -0130\n"},
		{"no client", Received{By: "b", Date: when},
			"Received: from unknown (unknown) by b; Sat, 21 Nov 2026 01:49:27 -0130\n"},
		{"hostile tokens", Received{Helo: "a)\r\nX: y", Name: "b (c", Addr: v4, By: "d;e", With: "f\x00", TLS: "g)(", ID: "h i", For: "j\r\n@k", Date: when},
			"Received: from unknown (unknown [192.0.2.1]) by unknown with unknown\n\t(unknown) id unknown; Sat, 21 Nov 2026 01:49:27 -0130\n"},
		{"literal HELO", Received{Helo: "[IPv6:::1]", Addr: v4, By: "b", For: `"a b"@c`, Date: when},
			"Received: from [IPv6:::1] ([192.0.2.1]) by b for <\"a b\"@c>;\n\tSat, 21 Nov 2026 01:49:27 -0130\n"},
		{"UTF-8", Received{Helo: "a", Addr: v4, By: "b\u00fc", For: "\u00fc@c", Date: when},
			"Received: from a ([192.0.2.1]) by b\u00fc for <\u00fc@c>;\n\tSat, 21 Nov 2026 01:49:27 -0130\n"},
	}
	for _, tt := range tests {
		if got := string(tt.r.Append(nil)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzReceived(f *testing.F) {
	f.Add("client.example", "mx.example", "TLS1.3 X", "id1", "a@b")
	f.Add("a\r\nb", "(", ")", ";", "<\n>")
	f.Add(strings.Repeat("x", 300), "\xff", "\u2028", "\x00", `"\"@`)
	f.Fuzz(func(t *testing.T, helo, name, tls, id, rcpt string) {
		r := Received{Helo: helo, Name: name, Addr: netip.MustParseAddr("192.0.2.1"), By: "host", With: "ESMTPS",
			Ident: id, Auth: helo, Peer: rcpt, TLS: tls, ID: id, For: rcpt, Date: when}
		text := r.Append(nil)
		if n := len(slices.Collect(Fields(text))); n != 1 {
			t.Fatalf("%d fields: %q", n, text)
		}
		for line := range strings.Lines(string(text)) {
			if len(line) > 998 || strings.TrimSpace(line) == "" || strings.ContainsAny(line, "\r\x00") {
				t.Errorf("bad line %q", line)
			}
		}
	})
}

func TestProtocol(t *testing.T) {
	for want, got := range map[string]string{
		"SMTP":       Protocol(false, false, false, false, false),
		"ESMTP":      Protocol(false, true, false, false, false),
		"ESMTPS":     Protocol(false, true, false, true, false),
		"ESMTPSA":    Protocol(false, true, false, true, true),
		"ESMTPA":     Protocol(false, true, false, false, true),
		"UTF8SMTPSA": Protocol(false, true, true, true, true),
		"LMTP":       Protocol(true, true, false, false, false),
		"LMTPS":      Protocol(true, true, false, true, false),
		"UTF8LMTPA":  Protocol(true, true, true, false, true),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestFields(t *testing.T) {
	const head = "From x Sat Nov 21 01:02:03\nA: 1\nB :\n two\n\tthree\njunk\n : x\nC:\n\nD: body\n"
	want := []string{"", "A 1", "B two three", "junk x", "C "}
	var got []string
	for f := range Fields([]byte(head)) {
		s := ""
		if f.Name != "" {
			s = f.Name + " " + f.Body()
		}
		got = append(got, s)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// edit drops Return-Path, renames X-Avenger and has no patience with Loop.
func edit(f Field) ([]byte, error) {
	switch {
	case f.Is("Return-Path"):
		return nil, nil
	case f.Is("X-Avenger"):
		return append([]byte("X-Old-"), f.Text...), nil
	case f.Is("Loop"):
		return nil, errors.New("a loop")
	}
	return f.Text, nil
}

func filtered(message string, piece int) (string, error) {
	var out strings.Builder
	f := NewFilter(&out, edit)
	for len(message) > 0 {
		n := min(max(1, piece), len(message))
		if _, err := f.Write([]byte(message[:n])); err != nil {
			return out.String(), err
		}
		message = message[n:]
	}
	err := f.Close()
	return out.String(), err
}

func TestFilter(t *testing.T) {
	long := strings.Repeat(" 0123456789\n", 10000)
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"no head", "\nReturn-Path: x\n", "\nReturn-Path: x\n"},
		{"dropped", "A: 1\nReturn-Path: <x>\nB: 2\n\nReturn-Path: y\n", "A: 1\nB: 2\n\nReturn-Path: y\n"},
		{"folded", "return-path :\n <x>\n\ty\nB: 2\n\n", "B: 2\n\n"},
		{"far from its colon", "Return-Path" + strings.Repeat(" ", 2*maxName) + ": x\nB: 2\n\n", "B: 2\n\n"},
		{"folded in front of its colon", "Return-Path\n : x\nB: 2\n\n", "B: 2\n\n"},
		{"renamed", "X-Avenger: x\n y\n\nb", "X-Old-X-Avenger: x\n y\n\nb"},
		{"junk passes and ends nothing", "junk\nReturn-Path: x\nA: 1\n", "junk\nA: 1\n"},
		{"head alone", "A: 1\nReturn-Path: x", "A: 1\n"},
		{"blank line is no empty line", "A: 1\n \nReturn-Path: x\n\n", "A: 1\n \n\n"},
		{"long and kept", "A:\n" + long + "B: 2\n\n", "A:\n" + long + "B: 2\n\n"},
		{"long and dropped", "Return-Path:\n" + long + "B: 2\n\n", "B: 2\n\n"},
		{"long line", "Return-Path: " + strings.Repeat("x", 3*MaxField) + "\nB: 2\n\n", "B: 2\n\n"},
	}
	for _, tt := range tests {
		for _, piece := range []int{1, 2, 7, 1 << 20} {
			if got, err := filtered(tt.in, piece); got != tt.want || err != nil {
				t.Errorf("%s in pieces of %d: got %.200q, %v", tt.name, piece, got, err)
			}
		}
	}
}

func TestFilterErrors(t *testing.T) {
	if _, err := filtered("A: 1\nLoop: x\n\n", 3); err == nil || err.Error() != "a loop" {
		t.Errorf("got %v", err)
	}
	full := errors.New("disk full")
	f := NewFilter(badWriter{full}, edit)
	if _, err := f.Write([]byte("A: 1\n\nb")); err != full {
		t.Errorf("got %v", err)
	}
}

type badWriter struct{ err error }

func (w badWriter) Write([]byte) (int, error) { return 0, w.err }

func FuzzFilter(f *testing.F) {
	f.Add("A: 1\nReturn-Path: x\n y\n\nReturn-Path: z\n", 3)
	f.Add("junk\n\n", 1)
	f.Fuzz(func(t *testing.T, in string, piece int) {
		if strings.Contains(strings.ToLower(in), "loop") {
			return
		}
		var want []byte
		rest := len(in)
		for field := range Fields([]byte(in)) {
			text := field.Text
			if rest -= len(text); field.Name != "" {
				text, _ = edit(field)
			}
			want = append(want, text...)
		}
		want = append(want, in[len(in)-rest:]...)
		if got, err := filtered(in, piece); got != string(want) || err != nil {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	})
}
