package e2e

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPolicySaysNothingElse: spawn(8) makes the connection to Postfix standard
// error too. Whatever a policy server has to tell people, only answers go there.
func TestPolicySaysNothingElse(t *testing.T) {
	t.Parallel()
	zone := filepath.Join(t.TempDir(), "zone")
	const text = "no.example. TXT \"v=spf1 -all\"\n7.2.0.192.bl.example. A 127.0.0.2\n"
	if err := os.WriteFile(zone, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const refused, listed, none = "action=550 5.7.23 SPF: 192.0.2.7 may not send mail from no.example\n\n",
		"action=550 5.7.1 192.0.2.7 is listed by bl.example\n\n", "action=DUNNO\n\n"
	for _, tt := range []struct {
		program string
		args    []string
		want    string
	}{
		{"spf", []string{"-vvv"}, refused},
		{"spf", []string{"-d"}, refused},
		{"spf", []string{"-e", "bad:rule"}, none},
		{"spf", []string{"-C", "/nonexistent"}, none},
		{"rbl", []string{"-d", "-b", "bl.example"}, listed},
		{"rbl", []string{"-b", "-x bl.example"}, none},
		{"rbl", []string{"-z", "/nonexistent", "-b", "bl.example"}, none},
	} {
		args := append([]string{"-P", "-z", zone}, tt.args...)
		if got := askSpawned(t, exec.Command(program(t, tt.program), args...)); got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.program, tt.args, got, tt.want)
		}
	}
}

// askSpawned asks a policy server as spawn(8) starts it, and gives all that it
// says.
func askSpawned(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "postfix"), os.NewFile(uintptr(fds[1]), "spawn")
	defer ours.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(ours, "request=smtpd_access_policy\nclient_address=192.0.2.7\nsender=a@no.example\nhelo_name=x.example\n\n")
	syscall.Shutdown(fds[0], syscall.SHUT_WR)
	got, err := io.ReadAll(ours)
	if err != nil {
		t.Errorf("%v: %v", cmd.Args[1:], err)
	}
	cmd.Wait()
	return string(got)
}
