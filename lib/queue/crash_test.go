package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"postern/lib/crashtest"
)

// The crash test runs this test's own binary as another process under strace,
// which kills it in front of the nth system call of a name, for all n and all
// names by which files are changed. Then the queue must hold what was promised.

// crashEnv asks the binary to be that process: its value is a step of
// crashSteps, and crashDir the folder of the queue.
const (
	crashEnv = "POSTERN_TEST_QUEUE_STEP"
	crashDir = "POSTERN_TEST_QUEUE_DIR"
)

const crashText = "Subject: x\n\nall of it\n"

func TestMain(m *testing.M) {
	if step := os.Getenv(crashEnv); step != "" {
		runtime.LockOSThread() // strace counts by thread
		if err := crashSteps[step](os.Getenv(crashDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// crashSteps are what is killed.
var crashSteps = map[string]func(dir string) error{"create": stepCreate, "work": stepWork, "retry": stepRetry}

// stepCreate accepts a message, and says so.
func stepCreate(dir string) error {
	q, err := Open(dir)
	if err != nil {
		return err
	}
	d := q.Create(envelope("a", "b"))
	if _, err := io.WriteString(d, crashText); err != nil {
		return err
	}
	if err := d.Commit(); err != nil {
		return err
	}
	fmt.Println(d.ID())
	return nil
}

// stepWork delivers all that is due to the file "sink": a line for each
// recipient.
func stepWork(dir string) error {
	return eachDue(dir, func(e *Entry) error {
		for i, rcpt := range e.Envelope.Recipients {
			if !e.Status(i).State.Open() {
				continue
			}
			if err := e.Begin(i); err != nil {
				return err
			}
			if err := appendLine(dir+".sink", e.ID+" "+rcpt.Mailbox.Local); err != nil {
				return err
			}
			if err := e.Mark(i, Status{State: Done, Tries: 1}); err != nil {
				return err
			}
		}
		return e.Remove()
	})
}

// stepRetry puts off all that is due.
func stepRetry(dir string) error {
	return eachDue(dir, func(e *Entry) error {
		if err := e.Mark(0, Status{Tries: 1, Reply: "450 later"}); err != nil {
			return err
		}
		return e.Retry(time.Now(), time.Now().Add(time.Hour))
	})
}

// eachDue takes each entry that is due.
func eachDue(dir string, f func(*Entry) error) error {
	q, err := Open(dir)
	if err != nil {
		return err
	}
	for ref, err := range q.Due(context.Background(), time.Now()) {
		if err != nil {
			return err
		}
		e, err := q.Take(ref)
		if err != nil {
			return err
		}
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

func appendLine(name, line string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(line + "\n")
	return err
}

// crashCalls are the system calls that change files. To die in front of any
// other is to die behind the last of these.
var crashCalls = []string{
	"mkdirat", "mknodat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync",
	"linkat", "renameat", "renameat2", "unlinkat", "fchownat",
}

// crash runs a step and kills it in front of the nth call. It answers what the
// step said, and whether it came to its end.
func crash(t *testing.T, dir, step, call string, n int) (said string, ended bool) {
	t.Helper()
	inject := fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, n)
	cmd := exec.Command("strace", "-f", "-o", "/dev/null", "-e", "trace="+call, "-e", inject, os.Args[0])
	cmd.Env = append(os.Environ(), crashEnv+"="+step, crashDir+"="+dir, "GOMAXPROCS=1", "GOGC=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil && stderr.Len() > 0 {
		t.Fatalf("%s, %s %d: %v\n%s", step, call, n, err, &stderr)
	}
	return strings.TrimSpace(stdout.String()), err == nil
}

// eachCrash calls f with a fresh folder for each point at which the step can be
// killed, and kills it there.
func eachCrash(t *testing.T, step string, prepare func(dir string), check func(dir, said, where string)) {
	crashtest.NeedStrace(t)
	points := 0
	for _, call := range crashCalls {
		for n := 1; ; n++ {
			dir := filepath.Join(t.TempDir(), "queue")
			prepare(dir)
			said, ended := crash(t, dir, step, call, n)
			check(dir, said, fmt.Sprintf("%s, killed at %s %d", step, call, n))
			if ended || t.Failed() {
				break
			}
			points++
		}
	}
	if points == 0 {
		t.Error("nothing was ever killed")
	}
	t.Logf("%d points", points)
}

// content reads every entry of the queue and answers their ids. Nothing may be
// damaged, and each text must be whole.
func content(t *testing.T, dir, where string) (ids []string) {
	t.Helper()
	q, err := Open(dir)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	defer q.Close()
	for ref, err := range q.All(context.Background()) {
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		e, err := q.Take(ref)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		if got, err := io.ReadAll(e.Message()); err != nil || string(got) != crashText {
			t.Errorf("%s: text %q, %v", where, got, err)
		}
		e.Close()
		ids = append(ids, ref.ID)
	}
	return ids
}

// What was said to be accepted is there; what was not is there whole or not
// at all; and no other file is left in the folders of entries.
func TestCrashCreate(t *testing.T) {
	eachCrash(t, "create", func(string) {}, func(dir, said, where string) {
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) && said == "" {
			return
		}
		got := content(t, dir, where)
		if len(got) > 1 || said != "" && (len(got) != 1 || got[0] != said) {
			t.Errorf("%s: entries %q, said %q", where, got, said)
		}
		leftover(t, dir, where)
	})
}

// leftover complains of files that are no entries.
func leftover(t *testing.T, dir, where string) {
	t.Helper()
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !ValidID(d.Name()) {
			t.Errorf("%s: left %s", where, path)
		}
		return nil
	})
}

// Each recipient is served; twice at most the one whose delivery was not yet
// noted when the process died.
func TestCrashWork(t *testing.T) {
	prepare := func(dir string) { prepared(t, dir) }
	eachCrash(t, "work", prepare, func(dir, _, where string) {
		content(t, dir, where)
		if err := stepWork(dir); err != nil {
			t.Fatalf("%s: the next run: %v", where, err)
		}
		sink, err := os.ReadFile(dir + ".sink")
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		lines := strings.Fields(strings.ReplaceAll(string(sink), " ", "/"))
		served := map[string]int{}
		for _, l := range lines {
			served[l]++
		}
		if len(served) != 2 || len(lines) > 3 {
			t.Errorf("%s: deliveries %q", where, lines)
		}
		if left := content(t, dir, where); len(left) != 0 {
			t.Errorf("%s: left %q", where, left)
		}
	})
}

// An entry that is put off stays one entry.
func TestCrashRetry(t *testing.T) {
	prepare := func(dir string) { prepared(t, dir) }
	eachCrash(t, "retry", prepare, func(dir, _, where string) {
		if got := content(t, dir, where); len(got) != 1 {
			t.Errorf("%s: entries %q", where, got)
		}
	})
}

// prepared makes a queue with one entry.
func prepared(t *testing.T, dir string) {
	t.Helper()
	q, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	add(t, q, envelope("a", "b"), crashText)
}
