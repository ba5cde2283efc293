// Package prog finds and runs the programs that a program hands work to. No
// shell has a part in it.
package prog

import (
	"context"
	"os"
	"syscall"
	"time"
)

// Places says where programs are kept; place.Places is one.
type Places interface{ Programs() string }

// Find gives the path of the sister program called name: from the folder that
// our own executable is in, else from places.Programs(). The name must be
// without a slash. An error is fs.ErrNotExist and names both folders.
func Find(places Places, name string) (string, error) { return "", nil }

// Command is a program to run.
type Command struct {
	Path   string   // absolute
	Args   []string // without the program's own name
	Env    []string // all of the environment, name=value
	Dir    string   // working folder, "" for ours
	Stdin  *os.File // nil for /dev/null
	Stdout *os.File // nil to capture it
	Files  []*os.File
	Cred   *syscall.Credential
	Limit  time.Duration // wall time, 0 for none
}

// Result is how a command ended.
type Result struct {
	// Status is the exit status; for a signal or a time limit it is 75, try
	// again.
	Status int
	// Signal killed the command, 0 when it ended by itself.
	Signal syscall.Signal
	// Reason is the last line it wrote on standard error, without control
	// characters, at most 255 octets.
	Reason string
	// Output is the first 64 KiB of its standard output, when captured.
	Output []byte
}

// Run runs the command in a process group of its own and waits for it. When ctx
// is done or the limit has passed, the whole group is killed. An error means
// that it could not be run, or was killed by us; how it ended by itself is no
// error.
func Run(ctx context.Context, c Command) (Result, error) { return Result{}, nil }
