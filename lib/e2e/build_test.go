package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// installed are the folders of the programs that a host has; demo is for the
// source tree alone.
var installed = []string{"./smtpd", "./send", "./smtp", "./spf", "./greylist", "./tools/limit", "./tools/listen", "./tools/mtasts", "./tools/netpath", "./tools/rbl", "./tools/runq", "./tools/smtpfilter", "./tools/synfp", "./tools/users"}

// bin is the folder of the built programs. TestMain sets it.
var bin string

// built says whether they could be built. The first to ask builds them.
var built = sync.OnceValue(build)

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "postern-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(bin)
	os.Exit(status)
}

func build() error {
	cmd := exec.Command("go", append([]string{"build", "-trimpath", "-o", bin + "/"}, installed...)...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %v\n%s", err, out)
	}
	return os.Chmod(bin, 0o755) // other users run them too
}

// program is the path of a built program.
func program(t testing.TB, name string) string {
	t.Helper()
	if err := built(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(bin, name)
}
