package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// use runs the program and returns its status and what it wrote.
func use(t *testing.T, input string, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr strings.Builder
	status = run(args, strings.NewReader(input), &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func TestLifeOfAnEntry(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	steps := []struct {
		input  string
		args   []string
		status int
		out    string // the whole of it
		errs   string // a part of it
	}{
		{"x\n", []string{"-c", "-f", file, "ann"}, 66, "", "no such file"},
		{"", []string{"-l", "-f", file}, 66, "", "no such file"},
		{"secret\n", []string{"-f", file, "-s", "scram", "ann"}, 0, "", ""},
		{"geheim", []string{"-f", file, "-s", "plain", "bob"}, 0, "", ""},
		{"", []string{"-l", "-f", file}, 0, "ann scram\nbob plain\n", ""},
		{"secret\n", []string{"-c", "-f", file, "ann"}, 0, "", ""},
		{"secret\r\nmore\n", []string{"-cf", file, "ann"}, 0, "", ""},
		{"Secret\n", []string{"-c", "-f", file, "ann"}, 77, "", "bad credentials"},
		{"geheim\n", []string{"-c", "-f", file, "bob"}, 0, "", ""},
		{"secret\n", []string{"-c", "-f", file, "eve"}, 67, "", "no such user"},
		{"other\n", []string{"-f", file, "-s", "scram", "ann"}, 0, "", ""},
		{"secret\n", []string{"-c", "-f", file, "ann"}, 77, "", "bad credentials"},
		{"other\n", []string{"-c", "-f", file, "ann"}, 0, "", ""},
		{"", []string{"-l", "-f", file}, 0, "ann scram\nbob plain\n", ""},
		{"", []string{"-d", "-f", file, "ann"}, 0, "", ""},
		{"", []string{"-d", "-f", file, "ann"}, 67, "", "no such user"},
		{"", []string{"-l", "-f", file}, 0, "bob plain\n", ""},
		{"\n", []string{"-f", file, "-s", "plain", "ann"}, 65, "", "a password has 1 to 1024 octets"},
		{"", []string{"-f", file, "-s", "plain", "ann"}, 65, "", "no password"},
		{strings.Repeat("x", 2000), []string{"-f", file, "ann"}, 65, "", "too long"},
		{"x\n", []string{"-f", file, "-s", "plain", "a:b"}, 65, "", "cannot be the name of a user"},
		{"", []string{"-f", file, "-s", "md5", "ann"}, 64, "", "there are argon2id, bcrypt, scram and plain"},
		{"x\n", []string{"-n", "-f", file, "-s", "plain", "ann"}, 0, "ann:{PLAIN.B64}eA==\n", ""},
		{"", []string{"-l", "-f", file}, 0, "bob plain\n", ""},
	}
	for _, s := range steps {
		status, out, errs := use(t, s.input, s.args...)
		if status != s.status || out != s.out || !strings.Contains(errs, s.errs) || (errs == "") != (s.errs == "") {
			t.Errorf("users %q: exit %d, %q, %q; want %d, %q, %q", s.args, status, out, errs, s.status, s.out, s.errs)
		}
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm()&0o007 != 0 {
		t.Errorf("the file: %v, %v", st, err)
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args []string
		errs string
	}{
		{nil, "which user?"},
		{[]string{"-cd", "ann"}, "only one of -c, -d, -l and -n"},
		{[]string{"-l", "ann"}, `unexpected operand "ann"`},
		{[]string{"ann", "bob"}, `unexpected operand "bob"`},
		{[]string{"-x"}, "unknown option -x"},
	} {
		if status, _, errs := use(t, "", tt.args...); status != 64 || !strings.Contains(errs, tt.errs) {
			t.Errorf("users %q: exit %d, %q; want %q", tt.args, status, errs, tt.errs)
		}
	}
	if status, out, _ := use(t, "", "-V"); status != 0 || !strings.HasPrefix(out, "users ") {
		t.Errorf("users -V: exit %d, %q", status, out)
	}
}

// What others wrote into the file stays, and so does its mode.
func TestOthersLinesStay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	const before = "# ours\nanna:{PLAIN}x\njunk\nann:{PLAIN}1\n\nann:{PLAIN}2"
	if err := os.WriteFile(file, []byte(before), 0o640); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := use(t, "3\n", "-f", file, "-s", "plain", "ann"); status != 0 {
		t.Fatal(status, errs)
	}
	text, _ := os.ReadFile(file)
	if want := "# ours\nanna:{PLAIN}x\njunk\nann:{PLAIN.B64}Mw==\n\n"; string(text) != want {
		t.Errorf("the file is %q, want %q", text, want)
	}
	if st, _ := os.Stat(file); st.Mode().Perm() != 0o640 {
		t.Errorf("its mode is %v", st.Mode())
	}
	status, out, errs := use(t, "", "-l", "-f", file)
	if status != 65 || out != "anna plain\nann plain\n" || !strings.Contains(errs, ":3: junk: wants name:{SCHEME}secret") {
		t.Errorf("users -l: exit %d, %q, %q", status, out, errs)
	}
}

func TestDefaultFile(t *testing.T) {
	root := t.TempDir()
	t.Setenv("POSTERN_ROOT", root)
	if err := os.MkdirAll(filepath.Join(root, "etc/postern"), 0o755); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := use(t, "x\n", "-s", "scram", "ann"); status != 0 {
		t.Fatal(status, errs)
	}
	if text, err := os.ReadFile(filepath.Join(root, "etc/postern/users")); !strings.HasPrefix(string(text), "ann:{SCRAM-SHA-256}") {
		t.Errorf("%q, %v", text, err)
	}
}
