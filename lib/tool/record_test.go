package tool_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/dns"
	"postern/lib/dnstest"
	"postern/lib/place"
	"postern/lib/record"
	"postern/lib/tool"
)

// exchangers is what LookupMX says.
type exchangers string

func (m exchangers) Record(r *record.Record) { r.Set("sender_mxes", string(m)) }
func (exchangers) Status() int               { return 0 }
func (exchangers) Action() string            { return "" }
func (m exchangers) Text() string            { return string(m) }

func mxProgram() *tool.Program {
	return &tool.Program{
		Name: "mxes", Sets: []string{"sender_mxes"}, Jobs: 10,
		Open: func(e *tool.Env) (tool.Checker, error) {
			return checkFunc(func(ctx context.Context, r *record.Record) (tool.Result, error) {
				list, err := e.DNS.LookupMX(ctx, r.Value("sender_host"))
				switch {
				case errors.Is(err, dns.ErrNotFound):
					return exchangers("none"), nil
				case err != nil:
					return exchangers(err.Error()), nil
				}
				return exchangers(list[0].Host), nil
			}), nil
		},
	}
}

// What was decided with the DNS can be decided again without it.
func TestRecordAndReplay(t *testing.T) {
	s := dnstest.Start(t, "a.example. IN MX 10 mx.a.example.\nb.example. IN TXT x\nc.example. IN CNAME a.example.\n;! servfail d.example\n")
	file := filepath.Join(t.TempDir(), "answers")
	in := ""
	for _, name := range []string{"a", "b", "c", "d", "e", "a"} {
		in += "sender_host=" + name + ".example\n"
	}
	run := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if status := tool.Run(mxProgram(), args, strings.NewReader(in), &stdout, &stderr); status != 0 {
			t.Fatalf("%q: status %d, %s", args, status, stderr.String())
		}
		return stdout.String()
	}
	want := run("-r", s.Addr().String(), "--record", file)
	if got := run("-z", file); got != want {
		text, _ := os.ReadFile(file)
		t.Errorf("recorded\n%s\nreplayed\n%s\nwhere it was\n%s", text, got, want)
	}
	if again := run("-z", file, "--record", file+"2"); again != want {
		t.Errorf("recorded from a recording\n%s\nwant\n%s", again, want)
	}
	t.Setenv(place.ResolverEnv, s.Addr().String())
	if got := run(); got != want {
		t.Errorf("with $%s\n%s\nwant\n%s", place.ResolverEnv, got, want)
	}
}

func TestRecordFails(t *testing.T) {
	var stdout, stderr bytes.Buffer
	status := tool.Run(mxProgram(), []string{"--record", "/nonexistent/file"}, strings.NewReader(""), &stdout, &stderr)
	if status != 78 || !strings.Contains(stderr.String(), "/nonexistent/file") {
		t.Errorf("status %d, stderr %q", status, stderr.String())
	}
}
