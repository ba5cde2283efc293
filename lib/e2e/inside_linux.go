package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// insideEnv tells a test's program that it runs in namespaces of its own.
const insideEnv = "POSTERN_TEST_INSIDE"

// Inside is the word that RunInside was given, "" outside.
func Inside() string { return os.Getenv(insideEnv) }

// InNetwork tells whether the test runs in a network of its own, which has
// nothing but a loopback that is down. Outside it needs root and the programs,
// and runs the test there.
func InNetwork(t *testing.T, programs ...string) bool {
	t.Helper()
	if Inside() != "" {
		return true
	}
	NeedRoot(t)
	Need(t, programs...)
	RunInside(t, syscall.CLONE_NEWNET, "yes")
	return false
}

// RunInside runs the test once more, in new namespaces (CLONE_NEWNET and
// CLONE_NEWNS of clone(2)), where Inside is the word. It ends as that does.
func RunInside(t *testing.T, namespaces uintptr, word string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^"+t.Name()+"$", "-test.v", fmt.Sprintf("-test.short=%t", testing.Short()))
	cmd.Env = append(os.Environ(), insideEnv+"="+word)
	// What is unshared after the clone is mounted for the child alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Unshareflags: namespaces & syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
