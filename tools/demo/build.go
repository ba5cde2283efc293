package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"postern/lib/sysexits"
)

// maxBuildWords bounds what is shown of a build that failed, in octets from
// its beginning: the first errors are those to mend.
const maxBuildWords = 4096

// packages are the programs of an instance.
func packages() []string { return []string{"./smtpd", "./send", "./tools/listen", "./tools/runq"} }

// build builds the programs into the instance.
func build(ctx context.Context, in *instance, out *screen) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		return failf(sysexits.Unavailable, "no go command in $PATH: install Go (https://go.dev/dl), then try again")
	}
	done := out.progress("build", "smtpd, send, listen and runq")
	args := append([]string{"build", "-trimpath", "-o", in.Programs() + "/"}, packages()...)
	c := exec.CommandContext(ctx, goTool, args...)
	c.Dir = root
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	c.WaitDelay = time.Second
	words, err := c.CombinedOutput()
	done(err == nil)
	if err != nil {
		return buildError(root, err, words)
	}
	return nil
}

// buildError says what go said.
func buildError(root string, err error, words []byte) error {
	words = bytes.TrimSpace(words[:min(len(words), maxBuildWords)])
	text := "  " + strings.ReplaceAll(string(words), "\n", "\n  ")
	return failf(sysexits.Unavailable, "go build in %s: %w\n%s", root, err, text)
}

// moduleRoot finds the source: the folder at or above the current one whose
// go.mod is postern's.
func moduleRoot() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		switch ours, err := isModule(dir); {
		case err != nil:
			return "", err
		case ours:
			return dir, nil
		case dir == filepath.Dir(dir):
			return "", failf(sysexits.Unavailable,
				"no postern source in %s or above: change to the folder that you cloned it into, then try again", here)
		}
	}
}

// isModule reports that dir holds postern's source.
func isModule(dir string) (bool, error) {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for the source: %w", err)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(first) == "module postern", nil
}
