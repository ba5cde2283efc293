package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostname is what every instance calls itself, and receives mail for.
const hostname = "mx.test"

// instance is a private installation: all paths of the programs lie below its
// root.
type instance struct {
	t    testing.TB
	root string
}

// newInstance makes an instance with some users who have a Maildir, with
// further lines for its smtpd.conf.
func newInstance(t testing.TB, conf ...string) *instance {
	t.Helper()
	in := &instance{t: t, root: t.TempDir()}
	for _, user := range []string{"ann", "bob", "alice", "postmaster"} {
		for _, dir := range []string{"tmp", "new", "cur"} {
			in.mkdir("var/lib/postern/mail/" + user + "/" + dir)
		}
	}
	in.mkdir("var/spool/postern")
	in.mkdir("run/postern")
	in.write("etc/aliases", "")
	base := []string{"Hostname " + hostname, "ClientName 0"}
	in.write("etc/postern/smtpd.conf", strings.Join(append(base, conf...), "\n")+"\n")
	return in
}

func (in *instance) mkdir(name string) {
	in.t.Helper()
	if err := os.MkdirAll(filepath.Join(in.root, name), 0o700); err != nil {
		in.t.Fatal(err)
	}
}

func (in *instance) write(name, text string) {
	in.t.Helper()
	in.mkdir(filepath.Dir(name))
	if err := os.WriteFile(filepath.Join(in.root, name), []byte(text), 0o644); err != nil {
		in.t.Fatal(err)
	}
}

// env is the environment of the instance's programs.
func (in *instance) env() []string {
	return append(os.Environ(), "POSTERN_ROOT="+in.root)
}

func (in *instance) maildir(user string) string {
	return filepath.Join(in.root, "var/lib/postern/mail", user)
}

// messages are the texts of a user's new messages.
func (in *instance) messages(user string) []string {
	in.t.Helper()
	names, err := filepath.Glob(in.maildir(user) + "/new/*")
	if err != nil {
		in.t.Fatal(err)
	}
	var texts []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			in.t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// message is the only new message of a user.
func (in *instance) message(user string) string {
	in.t.Helper()
	texts := in.messages(user)
	if len(texts) != 1 {
		in.t.Fatalf("%s has %d messages, want 1", user, len(texts))
	}
	return texts[0]
}

// server is a program that runs until the test ends.
type server struct {
	cmd *exec.Cmd
	log *Log
}

// start runs a program of the instance in the background. When the test ends
// it is asked to stop, and its children with it.
func (in *instance) start(path string, args ...string) *server {
	in.t.Helper()
	s := &server{cmd: exec.Command(path, args...), log: new(Log)}
	s.cmd.Env = in.env()
	s.cmd.Dir = in.root
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.cmd.WaitDelay = time.Second
	if err := s.cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() {
		s.stop()
		if in.t.Failed() {
			in.t.Logf("%s said:\n%s", filepath.Base(path), s.log)
		}
	})
	return s
}

// stop ends the program and all it started, the hard way if it must.
func (s *server) stop() {
	group := -s.cmd.Process.Pid
	syscall.Kill(group, syscall.SIGTERM)
	late := time.AfterFunc(3*time.Second, func() { syscall.Kill(group, syscall.SIGKILL) })
	s.cmd.Wait()
	late.Stop()
	syscall.Kill(group, syscall.SIGKILL)
}

// run runs a program of the instance to its end and answers what it said and
// its exit status.
func (in *instance) run(stdin, path string, args ...string) (string, int) {
	in.t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Dir = in.env(), in.root
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		in.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// accepts waits until something listens at addr.
func accepts(t testing.TB, addr string) {
	t.Helper()
	await(t, "a listener at "+addr, func() bool {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// testMessage is a message of some lines that ends in a line of its own, so
// that a part of it cannot pass for the whole.
func testMessage(subject string) string {
	return fmt.Sprintf("From: <joe@example.net>\r\nTo: <ann@%s>\r\nSubject: %s\r\n\r\n%s.. a dot\r\nthe end of %s\r\n",
		hostname, subject, strings.Repeat("some text of no meaning\r\n", 40), subject)
}

// whole tells whether text is testMessage(subject) as it is delivered.
func whole(text, subject string) bool {
	lines := strings.ReplaceAll(testMessage(subject), "\r\n", "\n")
	return strings.HasSuffix(text, lines) && strings.Contains(text, "Received: ")
}
