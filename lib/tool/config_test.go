package tool_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/conf"
	"postern/lib/tool"
)

// TestReadConfig: the file is smtpd's unless -C names another, other directives in
// it are none of our business, and what is ignored is told where somebody reads it.
func TestReadConfig(t *testing.T) {
	root := t.TempDir()
	t.Setenv("POSTERN_ROOT", root)
	etc := filepath.Join(root, "etc", "postern")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		filepath.Join(etc, "smtpd.conf"): "Hostname mx.example\nOdd 7\n",
		filepath.Join(root, "other"):     "#dialect avenger\nHostname mx.example\nOdd 9\nOdd x\n",
		filepath.Join(root, "broken"):    "Odd x\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		args   []string
		odd    int
		stderr string
	}{
		{nil, 7, ""},
		{[]string{"-C", filepath.Join(root, "other")}, 9, "parity: " + filepath.Join(root, "other") + `:4: Odd: "x" is not a number (ignored)` + "\n"},
		{[]string{"-P", "-C", filepath.Join(root, "other")}, 9, filepath.Join(root, "other") + `:4: Odd: "x" is not a number (ignored)` + "\n"},
		{[]string{"-C", filepath.Join(root, "broken")}, 1, "parity: " + filepath.Join(root, "broken") + `:1: Odd: "x" is not a number` + "\n"},
	}
	for _, tt := range tests {
		odd := 1
		rows := []conf.Row[int]{{Name: "Odd", Args: "number", Value: func(p *int) conf.Value { return conf.Int(p, 0, 10) }, Help: "An odd one."}}
		open := func(e *tool.Env) (tool.Checker, error) {
			return checkFunc(check), e.ReadConfig(conf.NewTable(conf.Of(rows, &odd)))
		}
		var stdout, stderr bytes.Buffer
		tool.Run(&tool.Program{Name: "parity", Open: open}, tt.args, strings.NewReader(""), &stdout, &stderr)
		if got := stderr.String(); got != tt.stderr || odd != tt.odd {
			t.Errorf("%q: %d, said %q; want %d, %q", tt.args, odd, got, tt.odd, tt.stderr)
		}
	}
}
