package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/crashtest"
)

// Processes are killed in front of the nth system call of a name, for all n and
// all names by which they change files. Then the queue must hold what was
// promised.

const crashText = "Subject: x\n\nall of it\n"

func TestMain(m *testing.M) {
	crashtest.Main(m, func(step string, args []string) error { return crashSteps[step](args[0]) })
}

// crashSteps are what is killed; the argument is the folder of the queue.
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
	defer q.Close()
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
	q.Flush(context.Background())
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

// crashCalls are the system calls by which a step changes files. To die in front
// of any other is to die behind the last of these.
var crashCalls = map[string][]string{
	"create": {"mkdirat", "write", "fsync", "linkat"},
	"work":   {"mkdirat", "pwrite64", "write", "renameat", "unlinkat"},
	"retry":  {"mkdirat", "pwrite64", "renameat"},
}

// eachCrash gives each point at which a step can be killed a fresh folder, kills
// the step there, and has what is left checked.
func eachCrash(t *testing.T, step string, prepare func(dir string), check func(dir, said, where string)) {
	crashtest.NeedStrace(t)
	for _, call := range crashCalls[step] {
		var dir string
		fresh := func(int) []string {
			dir = filepath.Join(t.TempDir(), "queue")
			prepare(dir)
			return []string{dir}
		}
		crashtest.KillAtEach(t, call, step, fresh, func(n int, said string) {
			check(dir, strings.TrimSpace(said), fmt.Sprintf("%s, killed at %s %d", step, call, n+1))
		})
	}
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
