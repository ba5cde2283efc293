package e2e

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/dnstest"
)

// A stream is a filter that runs, with the test at both ends.
type stream struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

func (w *world) stream(t *testing.T, argv ...string) *stream {
	t.Helper()
	cmd := exec.Command(program(t, argv[0]), append(argv[1:], "-r", w.resolver)...)
	cmd.Env, cmd.Dir = w.env(), w.root
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
		late.Stop()
	})
	return &stream{t, in, bufio.NewReader(out)}
}

func (s *stream) write(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, text); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stream) wants(words ...string) {
	s.t.Helper()
	line, err := s.out.ReadString('\n')
	if err != nil {
		s.t.Fatalf("waiting for %q: %v", words, err)
	}
	for _, word := range words {
		if !strings.Contains(line, word) {
			s.t.Errorf("%q is not in %s", word, line)
		}
	}
}

// TestStreamsFlush: what is done is written while more is waited for, from
// whoever writes or from the DNS; and in order.
func TestStreamsFlush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mailZone+"8.2.0.192.list.test. A 127.0.0.3\n")
	w.dns.Fault("slow.test", dnstest.Silent)
	w.dns.Fault("99.2.0.192.list.test", dnstest.Silent)
	spf := map[string]string{"one": "spf=pass", "two": "spf=fail", "late": "spf=temperror", "bad": "error="}
	rbl := map[string]string{"one": `rbl="list.test (127.0.0.2)"`, "two": `rbl="list.test (127.0.0.3)"`, "late": "rbl_errors=", "bad": "error="}
	for _, run := range []struct {
		argv string
		want map[string]string
	}{
		{"spf", spf}, {"spf -j 1", spf}, {"rbl -b list.test", rbl}, {"rbl -j 1 -b list.test", rbl},
	} {
		t.Run(run.argv, func(t *testing.T) {
			t.Parallel()
			s := w.stream(t, strings.Fields(run.argv)...)
			s.write("192.0.2.7 one@pass.test\n")
			s.wants("sender=one@pass.test", run.want["one"])
			s.write("rubbish\n192.0.2.8 two@fail.test\n192.0.2.99 late@slow.test\n192.0.2.7 one@pass.test")
			s.wants(run.want["bad"])
			s.wants("sender=two@fail.test", run.want["two"])
			s.wants("sender=late@slow.test", run.want["late"])
			s.in.Close() // the last line has no end
			s.wants("sender=one@pass.test", run.want["one"])
			if rest, err := io.ReadAll(s.out); err != nil || len(rest) > 0 {
				t.Errorf("behind it comes %q, %v", rest, err)
			}
		})
	}
}

// TestPipeline: each tool adds what it knows to the records of the one before,
// in place of what stood there under the same names.
func TestPipeline(t *testing.T) {
	w := newWorld(t, mailZone)
	w.write("sessions", "192.0.2.7 joe@pass.test\n"+
		"client_address=192.0.2.7 sender=joe@fail.test recipient=ann@mx.test spf=forged rbl=forged greylist=forged unknown_name=\"kept as it is\"\n"+
		"nonsense\n")
	script := "spf -r " + w.resolver + " <sessions | rbl -b list.test -r " + w.resolver + " | greylist --dir grey | netpath -n | grep -v spf=pass"
	cmd := exec.Command("sh", "-c", script)
	cmd.Env, cmd.Dir = append(w.env(), "PATH="+filepath.Dir(program(t, "spf"))+":/usr/bin:/bin"), w.root
	out, err := cmd.CombinedOutput()
	lines := strings.Split(string(out), "\n")
	if err != nil || len(lines) != 3 {
		t.Fatalf("%v\n%s", err, out)
	}
	wantAll(t, lines[0], "client_address=192.0.2.7 sender=joe@fail.test recipient=ann@mx.test ", " spf=fail ", ` rbl="list.test (127.0.0.2)" `,
		" greylist=new ", ` unknown_name="kept as it is"`)
	wantAll(t, lines[1], "input=nonsense ", `error="spf: `)
	if strings.Contains(string(out), "forged") {
		t.Errorf("something forged is left:\n%s", out)
	}
}
