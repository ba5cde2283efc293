package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postern/lib/place"
)

var update = flag.Bool("update", false, "write the directives into runq.8")

// runIn runs the program in a private instance.
func runIn(t *testing.T, root string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Setenv("POSTERN_ROOT", root)
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

// instance makes the folders of a private instance.
func instance(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	p := place.New(root)
	for _, dir := range []string{p.Etc(), p.Spool(), p.Mail()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRun(t *testing.T) {
	tests := []struct {
		args   string
		status int
		stdout string // a part
		stderr string // a part
	}{
		{"", 0, "", ""},
		{"-E -n 3 -t 0", 0, "", ""},
		{"-l", 0, "the queue is empty\n", ""},
		{"-L", 0, "", ""},
		{"-V", 0, "runq " + place.Version() + "\n", ""},
		{"--help", 0, "usage: runq", ""},
		{"--check", 0, "QueueLifetime 120h", ""},
		{"--check -t 7", 0, "QueueLifetime 7h", ""},
		{"-q nosuch", 0, "", ""},
		{"-x", 64, "", "-x"},
		{"operand", 64, "", "operand"},
		{"--hold", 64, "", "say with -q"},
		{"--hold --remove -q x", 64, "", "--remove: not together"},
		{"--bounce -q nosuch", 66, "", "nosuch: not in the queue"},
		{"--hold -q nosuch -q no.example", 66, "", "nosuch no.example: not in the queue"},
		{"--remove -q *", 0, "", ""},
		{"-n 0", 64, "", "-n: 0 is not in"},
		{"-t never", 64, "", `-t: "never" is not a number of hours`},
		{"-l -q nosuch", 0, "nothing of that is in the queue\n", ""},
		{"-l -E", 64, "", "only one of -l, -L and -J, -E"},
		{"-l --hold -q x", 64, "", "only one of -l, -L and -J, --hold and its like"},
		{"-w -q x", 64, "", "-q has no meaning with -w"},
		{"-E -w", 64, "", "only one of -w, -E"},
		{"-C /nonexistent", 78, "", "/nonexistent"},
	}
	for _, tt := range tests {
		root := instance(t)
		status, stdout, stderr := runIn(t, root, strings.Fields(tt.args)...)
		if status != tt.status || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("runq %s: %d\n%s%s", tt.args, status, stdout, stderr)
		}
		if (status == 0) != (stderr == "") {
			t.Errorf("runq %s: status %d, stderr %q", tt.args, status, stderr)
		}
	}
}

func TestNoSpool(t *testing.T) {
	status, _, stderr := runIn(t, t.TempDir())
	if status != 75 || !strings.Contains(stderr, "queue") || !strings.Contains(stderr, "no such file") {
		t.Errorf("%d %s", status, stderr)
	}
}

// The configuration is smtpd's: of its directives, those of delivery count.
func TestConfiguration(t *testing.T) {
	root := instance(t)
	text := "Hostname mail.example.org\nMaxRcpts 7\nQueue-Jobs 3\nDomains example.org *.example.net\n"
	if err := os.WriteFile(filepath.Join(root, "etc/postern/smtpd.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := runIn(t, root, "--check")
	for _, want := range []string{"Hostname mail.example.org", "QueueJobs 3", "Domains example.org"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%d %s\nno %q in\n%s", status, stderr, want, stdout)
		}
	}
	if strings.Contains(stdout, "MaxRcpts") {
		t.Errorf("knows what it should pass over:\n%s", stdout)
	}
}

func TestDirectives(t *testing.T) {
	c := newConfig()
	if err := c.directives().Verify(); err != nil {
		t.Error(err)
	}
}

// marked is the part of the page that the table makes.
var marked = regexp.MustCompile(`(?s)(\n\.\\" begin\n)(.*?)(\.\\" end\n)`)

func TestManual(t *testing.T) {
	page, err := os.ReadFile("runq.8")
	if err != nil {
		t.Fatal(err)
	}
	var list bytes.Buffer
	if err := newConfig().directives().Mdoc(&list); err != nil {
		t.Fatal(err)
	}
	m := marked.FindSubmatchIndex(page)
	if m == nil {
		t.Fatal("runq.8 has lost the marks around its directives")
	}
	if *update {
		text := string(page[:m[4]]) + list.String() + string(page[m[5]:])
		if err := os.WriteFile("runq.8", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page[m[4]:m[5]]) != list.String() {
		t.Error("the directives in runq.8 are not those of the program: go test -update")
	}
}

// Every option is in the page.
func TestManualOptions(t *testing.T) {
	page, err := os.ReadFile("runq.8")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^  -(\w)`).FindAllStringSubmatch(new(config).options().Usage(), -1) {
		if !regexp.MustCompile(`(?m)^\.It Fl ` + m[1] + `\b`).Match(page) {
			t.Errorf("runq.8 says nothing of -%s", m[1])
		}
	}
}
