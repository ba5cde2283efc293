package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// StartDovecot runs a private Dovecot with some configuration, in which DIR is
// its folder, until the test ends, and comes back when its socket, a name in
// the folder, takes connections. Only root can start one.
func StartDovecot(t testing.TB, dir, config, socket string) {
	t.Helper()
	NeedRoot(t)
	dovecot := Need(t, "dovecot")[0]
	name, log := filepath.Join(dir, "dovecot.conf"), filepath.Join(dir, "dovecot.log")
	common := "base_dir = DIR/run\nstate_dir = DIR/state\nlog_path = DIR/dovecot.log\nlisten = 127.0.0.1\nssl = no\nservice anvil {\n  chroot =\n}\n"
	text := strings.ReplaceAll(common+config, "DIR", dir)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(dovecot, "-F", "-c", name)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if said, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("%s", said)
		}
	})
	await(t, "dovecot", func() bool {
		c, err := net.Dial("unix", filepath.Join(dir, socket))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}
