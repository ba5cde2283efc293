package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestCheck: --check says what there is, and what is missing.
func TestCheck(t *testing.T) {
	root := t.TempDir()
	t.Setenv("POSTERN_ROOT", root)
	_, answering := startCollector(t, 1)
	conf := filepath.Join(root, "conf")
	writeFile(t, conf, "SynFpBuf 7\nSynOsMTU 0\n")
	tiny := filepath.Join(t.TempDir(), "conf")
	writeFile(t, tiny, "SynOsMTU 40\n")
	tests := []struct {
		name   string
		args   []string
		status int
		out    []string
		err    string
	}{
		{name: "nothing said", args: nil,
			out: []string{"SynOsMTU 1500\nSynFpBuf 10000\nSynFpWait 500\n# signatures: ", "# collector: none at " + root + "/run/postern/synfp\n"}},
		{name: "configured", args: []string{"-C", conf}, out: []string{"SynOsMTU 0\nSynFpBuf 7\n"}},
		{name: "a collector", args: []string{"--socket", answering}, out: []string{"# collector: " + answering + " answers\n"}},
		{name: "wrong MTU", args: []string{"--mtu", "3"}, status: 64, err: "an MTU is"},
		{name: "wrong configuration", args: []string{"-C", tiny}, status: 78, err: tiny + ":1: SynOsMTU: 40: an MTU is"},
		{name: "wrong database", args: []string{"--db", conf}, status: 78, err: ":1: not window"},
		{name: "wrong operand", args: []string{"smtp"}, status: 64, err: "not a port"},
	}
	for _, tt := range tests {
		status, out, errs := call("", append([]string{"--check"}, tt.args...)...)
		for _, words := range tt.out {
			if !strings.Contains(out, words) {
				t.Errorf("%s: no %q in %q", tt.name, words, out)
			}
		}
		if status != tt.status || !strings.Contains(errs, tt.err) || tt.err == "" && errs != "" {
			t.Errorf("%s: %d, %q, want %d, %q", tt.name, status, errs, tt.status, tt.err)
		}
	}
}

// TestCheckOperands: what the operands ask for must be there.
func TestCheckOperands(t *testing.T) {
	t.Setenv("POSTERN_ROOT", t.TempDir())
	if ready() != nil {
		status, out, errs := call("", "--check", "25", "127.0.0.1")
		if status != 77 || !strings.Contains(out, "# capturing: the capability CAP_NET_RAW is missing") || !strings.Contains(errs, "CAP_NET_RAW") {
			t.Errorf("%d, %q, %q", status, out, errs)
		}
		return
	}
	if status, out, errs := call("", "--check", "25", "127.0.0.1"); status != 0 || !strings.Contains(out, "# interfaces: lo\n# capturing: permitted\n") {
		t.Errorf("%d, %q, %q", status, out, errs)
	}
	if status, out, _ := call("", "--check", "25", "0.0.0.0", "lo", "eth77"); status != 71 || !strings.Contains(out, "# interfaces: lo; eth77: no such interface, or it is down\n") {
		t.Errorf("%d, %q", status, out)
	}
	if status, out, _ := call("", "--check", "--collect", "25", "0.0.0.0", "eth77"); status != 0 || !strings.Contains(out, "# interfaces: eth77: no such") {
		t.Errorf("%d, %q", status, out)
	}
}
