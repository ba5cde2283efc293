package mbox

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// writerEnv makes the test binary a writer of the mailbox that it names.
const writerEnv = "MBOX_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerEnv); path != "" {
		os.Exit(writer(path, os.Args[1]))
	}
	os.Exit(m.Run())
}

// writer appends messages called name/0, name/1 ... and prints the name of
// each that is safe.
func writer(path, name string) int {
	for i := range 10 {
		id := name + "/" + strconv.Itoa(i)
		if err := Append(context.Background(), path, message(body(id)), Options{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(id)
	}
	return 0
}

// body is a message of some pages, so that a kill can hit within a write.
func body(id string) string {
	return "Subject: " + id + "\n\n" + strings.Repeat("From "+id+"\n", 2000) + "end " + id + "\n"
}

// TestParallelAndKilled lets many processes append at once, kills every third
// of them, and wants each message whole, and each that was reported there.
func TestParallelAndKilled(t *testing.T) {
	const writers = 24
	path := box(t, new(string))
	var mu sync.Mutex
	var reported []string
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			names := runWriter(t, path, strconv.Itoa(w), w%3 == 0)
			mu.Lock()
			defer mu.Unlock()
			reported = append(reported, names...)
		})
	}
	all.Wait()
	// One more writer, to mend what the last of the killed has left.
	if err := Append(context.Background(), path, message(body("last")), Options{}); err != nil {
		t.Fatal(err)
	}
	found := wholeMessages(t, read(t, path))
	for _, id := range append(reported, "last") {
		if found[id] != 1 {
			t.Errorf("message %s was reported, and is there %d times", id, found[id])
		}
	}
}

// runWriter runs one writer process and returns what it reported. A killed
// one dies somewhere within its work.
func runWriter(t *testing.T, path, name string, kill bool) (names []string) {
	cmd := exec.Command(os.Args[0], name)
	cmd.Env = append(os.Environ(), writerEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Error(err)
		return nil
	}
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return nil
	}
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		names = append(names, scan.Text())
		if kill && len(names) == 3 {
			time.AfterFunc(time.Duration(len(name))*700*time.Microsecond, func() { cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err != nil && !kill {
		t.Errorf("writer %s: %v", name, err)
	}
	return names
}

// wholeMessages parts a mailbox into its messages by their From_ lines, and
// counts each by its name. A broken one is an error.
func wholeMessages(t *testing.T, mailbox string) map[string]int {
	found := make(map[string]int)
	for _, m := range strings.Split(mailbox, fromA)[1:] {
		id, _, _ := strings.Cut(strings.TrimPrefix(m, "Subject: "), "\n")
		want := strings.ReplaceAll(body(id), "\nFrom ", "\n>From ") + "\n"
		if m != want {
			t.Errorf("message %s is broken: %d octets, want %d", id, len(m), len(want))
		}
		found[id]++
	}
	return found
}
