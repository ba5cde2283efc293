package e2e

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"postern/lib/record"
)

// enormous is a line that no record can be as long as.
const enormous = 100 << 20

// garbage are lines that are no clients.
func garbage() map[string]io.Reader {
	list := map[string]string{
		"nothing":           "",
		"blanks":            " \t ",
		"a CR":              "\r",
		"NULs":              strings.Repeat("\x00", 300),
		"no address":        "somebody joe@pass.test",
		"percent":           "%zz %4 %",
		"escaped":           "client_address=%31%39%32.0.2.7 sender=joe%40pass.test",
		"percent in quotes": `client_address="%GG" sender="%"`,
		"no end of quotes":  `client_address=192.0.2.7 sender="joe@pass.test`,
		"bad escape":        `client_address=192.0.2.7 sender="\q"`,
		"a number too many": "client_address=192.0.2.7.8 sender=joe@pass.test",
		"no client":         "sender=joe@pass.test",
		"no value":          "client_address= sender=joe@pass.test",
		"JSON":              `{"client_address":"192.0.2.7","sender":"joe@pass.test"}`,
		"UTF-16":            "\xff\xfe1\x009\x002\x00",
		"many attributes":   strings.Repeat("sender=a@pass.test ", 1000),
		"many names":        "sender=a " + manyNames(1000),
		"a long record":     "client_address=192.0.2.7 sender=" + strings.Repeat("x", 1<<20),
	}
	random := rand.NewChaCha8([32]byte{5})
	for i := range 20 {
		b := make([]byte, 1000)
		random.Read(b)
		list[fmt.Sprint("binary ", i)] = strings.ReplaceAll(string(b), "\n", "")
	}
	all := map[string]io.Reader{
		"an enormous word":   io.LimitReader(sameOctet('x'), enormous),
		"an enormous record": io.MultiReader(strings.NewReader("client_address=192.0.2.7 sender="), io.LimitReader(sameOctet('"'), enormous)),
	}
	for name, line := range list {
		all[name] = strings.NewReader(line)
	}
	return all
}

// manyNames are attributes of a record.
func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d=x ", i)
	}
	return b.String()
}

// sameOctet is an endless lot of one octet.
type sameOctet byte

func (o sameOctet) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(o)
	}
	return len(p), nil
}

// TestGarbage: among lines of all kinds those that are clients are answered,
// each in its place; of each other it is said that it is none, and the memory
// is bounded.
func TestGarbage(t *testing.T) {
	w := newWorld(t, "pass.test. TXT \"v=spf1 ip4:192.0.2.7 -all\"\n7.2.0.192.list.test. A 127.0.0.2\n")
	for _, run := range []struct{ args, want string }{
		{"spf", " spf=pass "},
		{"spf -j 1", " spf=pass "},
		{"spf -J", `"spf":"pass"`},
		{"rbl -b list.test", ` rbl="list.test (127.0.0.2)" `},
		{"rbl -j 1 -b list.test", ` rbl="list.test (127.0.0.2)" `},
	} {
		t.Run(run.args, func(t *testing.T) { w.checkGarbage(t, strings.Fields(run.args), run.want) })
	}
}

func (w *world) checkGarbage(t *testing.T, args []string, want string) {
	var names []string
	var in []io.Reader
	for name, line := range garbage() {
		in = append(in, strings.NewReader(fmt.Sprintf("%s joe%d@pass.test\n", stranger, len(names))), line, strings.NewReader("\n"))
		names = append(names, name)
	}
	cmd := exec.Command(program(t, args[0]), append(args[1:], "-r", w.dns.Addr().String())...)
	peak := &memory{cmd: cmd}
	cmd.Env, cmd.Stdin = w.env(), io.MultiReader(append(in, peak)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 2*record.MaxSize)
	n := 0
	for ; lines.Scan(); n++ {
		text, i := lines.Text(), n/2
		switch {
		case i >= len(names):
			t.Errorf("a line too many: %.200q", text)
		case n%2 == 0 && (!strings.Contains(text, want) || !strings.Contains(text, fmt.Sprintf("joe%d@pass.test", i))):
			t.Errorf("in front of %s: %.300q", names[i], text)
		case n%2 == 1 && !strings.Contains(text, "error"):
			t.Errorf("%s: %.300q, want an error", names[i], text)
		}
	}
	if err := lines.Err(); err != nil || n != 2*len(names) {
		t.Errorf("%d lines, %v; want %d", n, err, 2*len(names))
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	peak.check(t)
}

// memory is the end of a program's input, where it sees what the program took at
// most. (The figure that wait4(2) has of a child is never less than what its parent
// took when it started it.)
type memory struct {
	cmd    *exec.Cmd
	status []byte // proc_pid_status(5)
}

func (m *memory) Read([]byte) (int, error) {
	m.status, _ = os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
	return 0, io.EOF
}

// check fails the test where the program took more than 128 MiB.
func (m *memory) check(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	_, rest, _ := strings.Cut(string(m.status), "\nVmHWM:")
	var kib int
	if n, _ := fmt.Sscan(rest, &kib); n != 1 || kib > 128<<10 {
		t.Errorf("it took %d KiB of memory", kib)
	}
}

// TestGarbageForPolicyServers: requests that are none are answered that there is
// nothing to say, and those behind them as ever.
func TestGarbageForPolicyServers(t *testing.T) {
	w := newWorld(t, "pass.test. TXT \"v=spf1 -all\"\n7.2.0.192.list.test. A 127.0.0.2\n")
	for _, run := range []struct{ args, want string }{
		{"spf -P", "action=550 5.7.23 "},
		{"rbl -P -b list.test", "action=550 5.7.1 "},
	} {
		t.Run(run.args, func(t *testing.T) {
			var in []io.Reader
			var names []string
			requests := garbage()
			delete(requests, "nothing") // the end of a request
			delete(requests, "a CR")
			requests["many lines"] = strings.NewReader(strings.Repeat("sender=joe@pass.test\nno_such_name=x\n", 1<<20) + "x=y")
			for name, line := range requests {
				good := fmt.Sprintf("request=smtpd_access_policy\nclient_address=%s\nsender=joe@pass.test\n\n", stranger)
				in = append(in, strings.NewReader(good), line, strings.NewReader("\n\n"))
				names = append(names, name)
			}
			args := strings.Fields(run.args)
			cmd := exec.Command(program(t, args[0]), append(args[1:], "-r", w.resolver)...)
			peak := &memory{cmd: cmd}
			cmd.Env, cmd.Stdin = w.env(), io.MultiReader(append(in, peak)...)
			out, err := cmd.Output()
			peak.check(t)
			answers := strings.Split(string(out), "\n\n")
			if err != nil || len(answers) != 2*len(names)+1 {
				t.Fatalf("%d answers to %d requests, %v", len(answers)-1, 2*len(names), err)
			}
			for i, name := range names {
				if good := answers[2*i]; !strings.HasPrefix(good, run.want) {
					t.Errorf("in front of %s: %q", name, good)
				}
				if bad := answers[2*i+1]; bad != "action=DUNNO" {
					t.Errorf("%s: %q", name, bad)
				}
			}
		})
	}
}
