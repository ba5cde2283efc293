package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postern/lib/place"
	"postern/lib/queue"
)

// shownID is the id of the page's examples.
const shownID = "0ajk2p4s1v7dq3mc"

// waiting puts a message for example.org into the queue, and answers its id.
func waiting(t *testing.T, root string) string {
	t.Helper()
	q, err := queue.Open(place.New(root).Queue())
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	b := &bench{runner: &runner{queue: q}}
	return b.addWith(t, anyone, "", "ann")
}

// What the page shows works.
func TestExamples(t *testing.T) {
	page, err := os.ReadFile("runq.8")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(page), "\n.Sh EXAMPLES\n")
	if !ok {
		t.Fatal("no examples")
	}
	root := instance(t)
	ran, id := 0, ""
	for _, m := range regexp.MustCompile(`(?m)^(?:\.Dl )?runq (.*?)(?: \|.*)?$`).FindAllStringSubmatch(text, -1) {
		if strings.HasPrefix(m[1], "--") && id == "" {
			id = waiting(t, root)
		}
		if status, _, stderr := runIn(t, root, strings.Fields(strings.Replace(m[1], shownID, id, 1))...); status != 0 {
			t.Errorf("runq %s: %d %s", m[1], status, stderr)
		}
		ran++
	}
	conf := strings.Join(regexp.MustCompile(`(?m)^Route .*$`).FindAllString(text, -1), "\n")
	if err := os.WriteFile(filepath.Join(root, "etc/postern/smtpd.conf"), []byte(conf+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, stdout, stderr := runIn(t, root, "--check"); status != 0 || strings.Count(stdout, "\nRoute ") != 2 {
		t.Errorf("%d %s\n%s", status, stderr, stdout)
	}
	if ran < 6 {
		t.Errorf("only %d examples found", ran)
	}
}

// queue(5) shows how the text of an entry is read.
func TestQueueExample(t *testing.T) {
	page, err := os.ReadFile("queue.5")
	if err != nil {
		t.Fatal(err)
	}
	const shown = "/var/spool/postern/queue/new/3/" + shownID
	m := regexp.MustCompile(`(?m)^\.Dl (sed .*) ` + shown + `$`).FindStringSubmatch(string(page))
	if m == nil {
		t.Fatal("no example")
	}
	b := newBench(t)
	id := b.addWith(t, anyone, "", "ok")
	e, err := b.queue.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	text, err := exec.Command("sh", "-c", m[1]+" "+e.Job(nil).File).CombinedOutput()
	if want := "Subject: x\n\ntext\n"; string(text) != want || err != nil {
		t.Errorf("got %q, %v, want %q", text, err, want)
	}
}

// The crontab is one.
func TestCrontab(t *testing.T) {
	text, err := os.ReadFile("runq.cron")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("runq.8")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^[^#\n].*$`).FindAllString(string(text), -1)
	if len(lines) != 1 || !regexp.MustCompile(`^([\d*/,-]+ ){5}postern /\S+/runq$`).MatchString(lines[0]) {
		t.Errorf("%q", lines)
	}
	if !strings.Contains(string(page), "\n.Dl "+lines[0]+"\n") {
		t.Errorf("runq.8 does not show %q", lines[0])
	}
}
