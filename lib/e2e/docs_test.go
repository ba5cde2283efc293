package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestManualPages has mandoc read every page: not one warning.
func TestManualPages(t *testing.T) {
	mandoc := Need(t, "mandoc")[0]
	pages := find(t, func(name string) bool {
		ext := filepath.Ext(name)
		return len(ext) == 2 && strings.Contains("1578", ext[1:])
	})
	if len(pages) == 0 {
		t.Fatal("no manual pages")
	}
	out, err := exec.Command(mandoc, append([]string{"-T", "lint", "-W", "warning"}, pages...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("mandoc: %v\n%s", err, out)
	}
}

// readme is the text of README.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEveryProgramIsDescribed: folder = program = manual page = line of README.
func TestEveryProgramIsDescribed(t *testing.T) {
	text := readme(t)
	for _, p := range list(t, "linux", "./...") {
		if p.name != "main" {
			continue
		}
		name := filepath.Base(p.path)
		if pages, _ := filepath.Glob(filepath.Join(p.dir, name+".[178]")); len(pages) != 1 {
			t.Errorf("%s: %d manual pages beside it, want 1", p.path, len(pages))
		}
		if row := "| [" + name + "]("; !strings.Contains(text, row) {
			t.Errorf("README.md: no row %q in its table of programs", row)
		}
	}
}

// TestReadmeLinks: what README points to is there.
func TestReadmeLinks(t *testing.T) {
	text := readme(t)
	links := regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(text, -1)
	if len(links) == 0 {
		t.Error("README.md has no links")
	}
	for _, link := range links {
		if _, err := os.Stat(filepath.Join(moduleRoot(t), link[1])); err != nil {
			t.Errorf("README.md: %v", err)
		}
	}
}

// TestReadmeArguesForModules: what is not the standard library has a line of
// argument.
func TestReadmeArguesForModules(t *testing.T) {
	text := readme(t)
	used := goRun(t, "linux", "list", "-e", "-deps", "-test", "-f", "{{with .Module}}{{if not (or .Main .Indirect)}}{{.Path}}{{end}}{{end}}", "./...")
	for path := range strings.FieldsSeq(used) {
		if !strings.Contains(text, "`"+path+"`") {
			t.Errorf("README.md says nothing of %s", path)
		}
	}
}

// option finds the options in a program's --help, and in a manual page.
var (
	helpOption = regexp.MustCompile(`(?m)^  (-[^ ,[]+)(?:, (-[^ ,[]+))?`)
	pageOption = regexp.MustCompile(`(?:\bFl|,)(?: Fl)? (-[a-z-]+|[A-Za-z0-9#])(?:\s|$)`)
)

// TestManualHasEveryOption compares each program's --help with its page.
func TestManualHasEveryOption(t *testing.T) {
	in := newInstance(t)
	for _, dir := range installed {
		name := filepath.Base(dir)
		pages, _ := filepath.Glob(filepath.Join(moduleRoot(t), dir, name+".[178]"))
		if len(pages) == 0 {
			continue // another test says so
		}
		page, err := os.ReadFile(pages[0])
		if err != nil {
			t.Fatal(err)
		}
		described := map[string]bool{}
		for _, m := range pageOption.FindAllStringSubmatch(string(page), -1) {
			described["-"+m[1]] = true
		}
		help, _ := in.run("", program(t, name), "--help")
		for _, m := range helpOption.FindAllStringSubmatch(help, -1) {
			for _, option := range m[1:] {
				if option != "" && !described[option] {
					t.Errorf("%s does not describe %s", filepath.Base(pages[0]), option)
				}
			}
		}
	}
}

// TestExampleConfigurations has smtpd check what its page and README show.
func TestExampleConfigurations(t *testing.T) {
	for _, doc := range []struct{ file, begin, end, want string }{
		{"smtpd/smtpd.conf.5", "relayed for one network:\n.Bd -literal -offset indent\n", ".Ed\n", "TrustedNet"},
		{"smtpd/smtpd.conf.5", "for trusted clients too:\n.Bd -literal -offset indent\n", ".Ed\n", "ValidateAddress"},
		{"smtpd/smtpd.conf.5", "name is needed:\n.Bd -literal -offset indent\n", ".Ed\n", "ValidateAddress"},
		{"README.md", "a directive a line:\n\n", "\n\n`smtpd --check`", "TrustedNet"},
	} {
		text, err := os.ReadFile(filepath.Join(moduleRoot(t), doc.file))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, found := strings.Cut(string(text), doc.begin)
		example, _, ended := strings.Cut(rest, doc.end)
		if !found || !ended {
			t.Fatalf("%s: no example", doc.file)
		}
		in := newInstance(t)
		in.write("etc/postern/smtpd.conf", example)
		out, status := in.run("", program(t, "smtpd"), "--check")
		if status != 0 || !strings.Contains(out, doc.want) {
			t.Errorf("%s: exit %d\n%s\n%s", doc.file, status, example, out)
		}
	}
}
