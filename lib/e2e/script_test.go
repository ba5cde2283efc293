package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the programs as a shell does, each script in an instance of
// its own: $WORK is its root.
func TestScripts(t *testing.T) {
	program(t, "smtpd") // so that they are built
	testscript.Run(t, testscript.Params{
		Dir: "testdata/scripts",
		Setup: func(env *testscript.Env) error {
			env.Setenv("POSTERN_ROOT", env.WorkDir)
			env.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			for _, dir := range []string{"new", "cur", "tmp"} {
				if err := os.MkdirAll(filepath.Join(env.WorkDir, "var/lib/postern/mail/ann", dir), 0o700); err != nil {
					return err
				}
			}
			return os.MkdirAll(filepath.Join(env.WorkDir, "var/spool/postern"), 0o700)
		},
	})
}
