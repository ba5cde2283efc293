package tool_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"postern/lib/maillog"
)

// FuzzServe: each request that comes whole is answered with one action, which
// is a line, and an empty line, in whatever pieces it comes.
func FuzzServe(f *testing.F) {
	f.Add([]byte("request=smtpd_access_policy\nclient_address=192.0.2.1\n\nclient_address=192.0.2.2\r\n\r\n"))
	f.Add([]byte("client_address=192.0.2.255\n\nclient_address=192.0.2.254\n\nrubbish\n\n\n=\n\nrequest=x\n\nclient"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := served(bytes.NewReader(in))
		if again := served(iotest.OneByteReader(bytes.NewReader(in))); again != out {
			t.Errorf("%q: in octets %q, whole %q", in, again, out)
		}
		want := 0 // lines that are empty
		for line := range strings.Lines(string(in)) {
			if line == "\n" || line == "\r\n" {
				want++
			}
		}
		answers := strings.SplitAfter(out, "\n\n")
		if got := len(answers) - 1; got != want || answers[got] != "" {
			t.Errorf("%q: %d answers, want %d: %q", in, got, want, out)
		}
		for _, a := range answers[:len(answers)-1] {
			action, ok := strings.CutPrefix(strings.TrimSuffix(a, "\n\n"), "action=")
			if !ok || action == "" || len(a) > 998 || strings.ContainsFunc(action, func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Errorf("%q is answered %q", in, a)
			}
		}
	})
}

func served(in io.Reader) string {
	var out bytes.Buffer
	program().Serve(context.Background(), checkFunc(check), in, &out, maillog.Open(maillog.Options{Stderr: io.Discard}))
	return out.String()
}
