// Package e2e joins the built programs with real peers: super-servers, SMTP
// clients, mail readers, tracers. Only tests import it; all it holds beside
// them is what they share: finding a peer, building the programs, a private
// instance, one SMTP conversation.
package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Real tells whether a missing peer is a failure: POSTERN_REAL=1, which CI
// sets after it has installed every one of them.
func Real() bool { return os.Getenv("POSTERN_REAL") == "1" }

// Need skips the test unless each of the programs is installed, and names the
// one that is not; where Real, it fails instead. The answer is their paths, in
// the order asked for. A name with a slash is that file.
func Need(t testing.TB, programs ...string) []string {
	t.Helper()
	paths := make([]string, len(programs))
	for i, name := range programs {
		path, err := lookUp(name)
		if err != nil {
			Missing(t, "%s is not installed", name)
		}
		paths[i] = path
	}
	return paths
}

// Missing ends a test that lacks something of the machine: skipped, or failed
// where Real.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if Real() {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// NeedRoot skips the test for anyone but root, and fails it where Real.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		Missing(t, "only root can do this")
	}
}

// lookUp looks where super-servers live too, which is not in everyone's PATH.
func lookUp(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil || strings.Contains(name, "/") {
		return path, err
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		if p, lookErr := exec.LookPath(dir + "/" + name); lookErr == nil {
			return p, nil
		}
	}
	return "", err
}

// patience is how long a test waits for what should take milliseconds.
const patience = 20 * time.Second

// await waits until something is so.
func await(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("after %v still not: %s", patience, what)
}
