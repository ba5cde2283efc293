package prog

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// tempFail is EX_TEMPFAIL of sysexits(3).
const tempFail = 75

// Command is a program to run.
type Command struct {
	Path   string              // absolute
	Args   []string            // without the program's own name
	Env    []string            // all of the environment, name=value
	Dir    string              // working folder, "" for ours
	Stdin  *os.File            // nil for /dev/null
	Stdout *os.File            // nil to capture it
	Files  []*os.File          // descriptors 3 and up
	Cred   *syscall.Credential // nil for our own
	Limit  time.Duration       // wall time, 0 for none
	Join   bool                // stay in our process group, to be killed with us
	Tied   bool                // be killed when we die, even if by SIGKILL; on Linux
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

// Run runs the command in a process group of its own, unless it is to join ours,
// and waits for it. When ctx is done or the limit has passed, the group, or the
// process that joined ours, is killed, and the error wraps context.Canceled or
// context.DeadlineExceeded. Any other error says that the command could not be
// started. How it ended by itself is no error: see Result.
func Run(ctx context.Context, c Command) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{Status: tempFail}, fmt.Errorf("%s: %w", c.Path, err)
	}
	if c.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Limit)
		defer cancel()
	}
	if c.Tied {
		// The kernel ties it to the thread that starts it, which must live as
		// long as we wait.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	r, err := start(c)
	if err != nil {
		return Result{Status: tempFail}, fmt.Errorf("run %s: %w", c.Path, err)
	}
	result, err := r.wait(ctx)
	if err != nil {
		return result, fmt.Errorf("%s: %w", c.Path, err)
	}
	return result, nil
}

// running is a command at work.
type running struct {
	process        *os.Process
	victim         int        // what a time limit kills: a process, or minus a group
	stdout, stderr *capture   // stdout is nil when it is not captured
	lent           []*os.File // what we opened for the child alone
}

// start starts the command with pipes for what is captured.
func start(c Command) (*running, error) {
	r := new(running)
	defer r.closeLent()
	files, err := r.files(c)
	if err == nil {
		argv := append([]string{c.Path}, c.Args...)
		r.process, err = os.StartProcess(c.Path, argv, c.attributes(files))
	}
	if err != nil {
		r.stdout.drop()
		r.stderr.drop()
		return nil, err
	}
	if r.victim = r.process.Pid; !c.Join {
		r.victim = -r.victim
	}
	return r, nil
}

// files gives the child's descriptors.
func (r *running) files(c Command) (files []*os.File, err error) {
	files = append([]*os.File{c.Stdin, c.Stdout, nil}, c.Files...)
	if files[0] == nil {
		if files[0], err = os.Open(os.DevNull); err != nil {
			return nil, err
		}
		r.lent = append(r.lent, files[0])
	}
	if files[1] == nil {
		if r.stdout, files[1], err = r.capture(keepFirst, maxOutput); err != nil {
			return nil, err
		}
	}
	r.stderr, files[2], err = r.capture(keepLast, maxStderr)
	return files, err
}

// capture makes a pipe of which the child has the end for writing.
func (r *running) capture(keep keepFunc, limit int) (*capture, *os.File, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	r.lent = append(r.lent, out)
	return newCapture(in, keep, limit), out, nil
}

func (r *running) closeLent() {
	for _, f := range r.lent {
		f.Close()
	}
}

// attributes are those of the new process. An environment that is nil would be
// ours.
func (c *Command) attributes(files []*os.File) *os.ProcAttr {
	env := c.Env
	if env == nil {
		env = []string{}
	}
	sys := &syscall.SysProcAttr{Setpgid: !c.Join, Credential: c.Cred}
	if c.Tied {
		tie(sys)
	}
	return &os.ProcAttr{Dir: c.Dir, Env: env, Files: files, Sys: sys}
}

// wait waits for the end of the command, which is brought about when ctx is
// done.
func (r *running) wait(ctx context.Context) (Result, error) {
	stop := context.AfterFunc(ctx, func() { syscall.Kill(r.victim, syscall.SIGKILL) })
	state, err := r.process.Wait()
	stop()
	result := Result{
		Status: tempFail,
		Output: r.stdout.collect(),
		Reason: lastLine(r.stderr.collect()),
	}
	if err != nil {
		return result, err
	}
	status := state.Sys().(syscall.WaitStatus)
	if status.Exited() {
		result.Status = status.ExitStatus()
		return result, nil
	}
	result.Signal = status.Signal()
	if result.Signal == syscall.SIGKILL {
		err = ctx.Err()
	}
	return result, err
}
