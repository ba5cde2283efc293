package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/sysexits"
)

// asProgram makes the test binary the program itself.
const asProgram = "LIMIT_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// ask runs the program on a folder.
func ask(dir, command string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = run(append([]string{"-s", dir}, strings.Fields(command)...), nil, &out, &errs)
	return status, out.String(), errs.String()
}

func TestTake(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		command string
		want    int
		said    string
	}{
		{"-n k 60 2", 0, ""},
		{"k 60 2", 0, ""},
		{"-n k 60 2", 0, ""},
		{"k 60 2", 0, ""},
		{"-n k 60 2", 75, `limit: "k": full, room in 1m0s`},
		{"k 60 2", 75, `limit: "k": full, room in 1m0s`},
		{"other 60 2 2", 0, ""},
		{"k 60 2 -1", 0, ""},
		{"k 60 2 0.5", 0, ""},
		{"k 60 2 1", 75, "room in 30s"},
		{"k 60 2 3", 75, "never be room for 3"},
		{"k 60 2 1000000", 75, "never be room for 1000000\n"},
		{"../../k 60 1", 0, ""},
		{"still 0 1", 0, ""},
		{"still 0 1", 75, "never be room"},
	} {
		got, out, said := ask(dir, c.command)
		if got != c.want || out != "" || !strings.Contains(said, c.said) || c.said == "" && said != "" {
			t.Errorf("limit %s: %d, %q, %q; want %d, %q", c.command, got, out, said, c.want, c.said)
		}
	}
}

func TestUsage(t *testing.T) {
	for command, want := range map[string]string{
		"":                 "wants a key",
		"k 1":              "wants a key",
		"k 1 2 3 4":        `"4"`,
		"k x 2":            `"x" is not a number`,
		"k 1 -2":           `"-2" is not a number from 0`,
		"k 1 x 2":          `"x" is not a number`,
		"k NaN 2":          `"NaN" is not`,
		"k 1 2 1e10":       `"1e10" is not`,
		"--sweep k":        `"k"`,
		"-n --sweep":       "-n does not go",
		"-x":               "-x",
		"--sweep --nosuch": "--nosuch",
	} {
		if got, _, said := ask(t.TempDir(), command); got != sysexits.Usage || !strings.Contains(said, want) {
			t.Errorf("limit %s: %d, %q; want %d, %q", command, got, said, sysexits.Usage, want)
		}
	}
	if got, out, _ := ask("x", "-V"); got != 0 || !strings.HasPrefix(out, "limit ") {
		t.Errorf("-V: %d, %q", got, out)
	}
}

func TestRoundUp(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{0: 0, 1: time.Second, time.Second: time.Second, time.Second + 1: 2 * time.Second} {
		if got := roundUp(d); got != want {
			t.Errorf("%v: %v, want %v", d, got, want)
		}
	}
}

// A store that cannot be used lets nothing pass.
func TestClosed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"k 60 2", "-n k 60 2", "--sweep"} {
		if got, _, said := ask(file, command); got != sysexits.TempFail || !strings.Contains(said, file) {
			t.Errorf("limit %s: %d, %q; want %d and the name", command, got, said, sysexits.TempFail)
		}
	}
}

func TestSweep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if got, out, said := ask(dir, "--sweep"); got != 0 || out != "removed=0\n" || said != "" {
		t.Errorf("of nothing: %d, %q, %q", got, out, said)
	}
	ask(dir, "dry 1e9 1")
	ask(dir, "full 1 1")
	if got, out, said := ask(dir, "--sweep"); got != 0 || out != "removed=1\n" || said != "" {
		t.Errorf("first: %d, %q, %q", got, out, said)
	}
	if got, out, _ := ask(dir, "--sweep"); got != 0 || out != "removed=0\n" {
		t.Errorf("again: %d, %q", got, out)
	}
	if got, _, _ := ask(dir, "full 1 1"); got != sysexits.TempFail {
		t.Errorf("what was full is not any more: %d", got)
	}
}

// The default folder is that of smtpd.
func TestFolder(t *testing.T) {
	root := t.TempDir()
	t.Setenv("POSTERN_ROOT", root)
	if got := run([]string{"k", "60", "2"}, nil, os.Stdout, os.Stderr); got != 0 {
		t.Fatal(got)
	}
	if _, err := os.Stat(filepath.Join(root, "var/lib/postern/state/rate")); err != nil {
		t.Error(err)
	}
}

// Of 200 processes at once exactly as many pass as there is room for, while
// others sweep.
func TestManyProcesses(t *testing.T) {
	dir := t.TempDir()
	const many, room = 200, 70
	var wait sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	start := func(args ...string) {
		cmd := exec.Command(os.Args[0], append([]string{"-s", dir}, args...)...)
		cmd.Env = append(os.Environ(), asProgram+"=1", "GOMAXPROCS=1")
		wait.Go(func() {
			cmd.Run()
			mu.Lock()
			defer mu.Unlock()
			if args[0] != "--sweep" {
				statuses[cmd.ProcessState.ExitCode()]++
			} else if cmd.ProcessState.ExitCode() != 0 {
				t.Errorf("sweep: %v", cmd.ProcessState)
			}
		})
	}
	for i := range many {
		start("k", "0", "70")
		if i%50 == 0 {
			start("--sweep")
			start("--sweep")
		}
	}
	wait.Wait()
	if statuses[0] != room || statuses[sysexits.TempFail] != many-room {
		t.Errorf("exit statuses %v, want %d of 0", statuses, room)
	}
}
