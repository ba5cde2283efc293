package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// floors says how high each package of lib/ stands. An import goes down.
var floors = map[string]int{
	// 0: the standard library and x/sys.
	"sysexits": 0, "arg": 0, "conf": 0, "safefile": 0, "prog": 0, "place": 0, "maillog": 0, "caller": 0, "stack": 0, "loadavg": 0,
	// 1: words and formats.
	"smtp": 1, "record": 1, "header": 1, "dns": 1, "maildir": 1, "mbox": 1, "state": 1, "filter": 1, "plot": 1, "tlsconf": 1,
	// 2: one mechanism each.
	"mx": 2, "mtasts": 2, "client": 2, "spf": 2, "rbl": 2, "greylist": 2, "synfp": 2, "netpath": 2, "auth": 2, "tool": 2,
	// 3: built from those.
	"queue": 3, "dsn": 3, "rewrite": 3, "deliver": 3, "check": 3,
}

// sideways lists the imports that stay on their floor, each with its reason.
var sideways = map[string][]string{
	"client":  {"mx"},                      // a session begins with where to
	"mx":      {"mtasts"},                  // what a host's TLS has to prove depends on both
	"deliver": {"queue", "dsn", "rewrite"}, // delivery is what these three are for
}

// testOnly packages are for tests, and import what they like.
var testOnly = []string{"smtptest", "dnstest", "crashtest", "e2e"}

// thirdParty says who may import which module. A path ending in "/..." stands
// for all below it.
var thirdParty = []struct {
	module string
	users  []string
}{
	{"github.com/miekg/dns", []string{"postern/lib/dns", "postern/lib/dnstest"}},
	{"github.com/google/gopacket", []string{"postern/tools/synfp"}},
	{"golang.org/x/net/bpf", []string{"postern/tools/synfp"}},
	{"golang.org/x/sys", []string{"postern/..."}},
	{"golang.org/x/crypto", []string{"postern/lib/auth"}},
}

// testThirdParty modules may be imported by any test.
var testThirdParty = []string{"github.com/rogpeppe/go-internal"}

// notInSession must never be linked into the program that runs once for each
// connection: each costs start-up time or is more than a session may do.
var notInSession = []string{
	"log/slog", "text/template", "html/template", "encoding/json", "net/http", "os/exec", "testing",
	"github.com/google/gopacket",
}

// pkg is what `go list` says about one package.
type pkg struct {
	path, name           string
	imports, testImports []string
	files, cgo           []string
	dir                  string
}

// local is the package's name below lib/, empty for any other.
func local(path string) string {
	name, ok := strings.CutPrefix(path, "postern/lib/")
	if !ok {
		return ""
	}
	return name
}

// list asks `go list` about the packages that a pattern matches, as goos sees
// them.
func list(t *testing.T, goos, pattern string) []pkg {
	t.Helper()
	const format = `{{.ImportPath}}|{{.Name}}|{{join .Imports " "}}|{{join .TestImports " "}} {{join .XTestImports " "}}|{{join .GoFiles " "}}|{{join .CgoFiles " "}}|{{.Dir}}`
	out := goRun(t, goos, "list", "-e", "-f", format, pattern)
	var pkgs []pkg
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSpace(line), "|")
		pkgs = append(pkgs, pkg{
			path: f[0], name: f[1],
			imports: strings.Fields(f[2]), testImports: strings.Fields(f[3]),
			files: strings.Fields(f[4]), cgo: strings.Fields(f[5]), dir: f[6],
		})
	}
	if len(pkgs) == 0 {
		t.Fatalf("go list %s: no packages", pattern)
	}
	return pkgs
}

// goRun runs the go command at the module's root and answers its output.
func goRun(t *testing.T, goos string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = moduleRoot(t)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

func TestImportRules(t *testing.T) {
	for _, goos := range []string{"linux", "freebsd"} {
		for _, p := range list(t, goos, "./...") {
			for _, fault := range faults(p) {
				t.Errorf("GOOS=%s: %s", goos, fault)
			}
		}
	}
}

// faults are the rules that one package breaks.
func faults(p pkg) []string {
	var bad []string
	add := func(format string, args ...any) { bad = append(bad, p.path+": "+fmt.Sprintf(format, args...)) }
	if len(p.cgo) > 0 {
		add("uses cgo: %v", p.cgo)
	}
	isProgram := !strings.HasPrefix(p.path, "postern/lib/")
	if isProgram != (p.name == "main") {
		add("is package %s: a mechanism is a package in lib/, a program a folder outside it", p.name)
	}
	if name := local(p.path); name != "" && !slices.Contains(testOnly, name) {
		if _, known := floors[name]; !known {
			add("stands on no floor")
		}
	}
	for _, imp := range p.imports {
		if why := refuse(p.path, imp); why != "" {
			add("imports %s: %s", imp, why)
		}
	}
	for _, imp := range p.testImports {
		if why := refuseInTest(p.path, imp); why != "" {
			add("test imports %s: %s", imp, why)
		}
	}
	return bad
}

// refuse says why a package must not import another, or nothing.
func refuse(from, imp string) string {
	switch {
	case imp == "C":
		return "cgo"
	case strings.HasPrefix(imp, "postern/lib/"):
		return refuseLib(local(from), local(imp))
	case strings.HasPrefix(imp, "postern/"):
		return "a program"
	case !strings.Contains(strings.Split(imp, "/")[0], "."):
		if imp == "testing" && !slices.Contains(testOnly, local(from)) {
			return "for tests only"
		}
		return ""
	}
	return refuseThirdParty(from, imp)
}

// refuseLib is refuse for two packages of lib/; from is empty for a program,
// which stands on top.
func refuseLib(from, to string) string {
	switch {
	case slices.Contains(testOnly, from):
		return ""
	case slices.Contains(testOnly, to):
		return "for tests only"
	case from == "" || floors[to] < floors[from]:
		return ""
	case slices.Contains(sideways[from], to):
		return ""
	case floors[to] == floors[from]:
		return fmt.Sprintf("the same floor (%d), and not in the table of sideways imports", floors[to])
	}
	return fmt.Sprintf("upwards, from floor %d to %d", floors[from], floors[to])
}

func refuseThirdParty(from, imp string) string {
	for _, rule := range thirdParty {
		if imp != rule.module && !strings.HasPrefix(imp, rule.module+"/") {
			continue
		}
		for _, user := range rule.users {
			if from == user || strings.HasSuffix(user, "/...") && strings.HasPrefix(from, strings.TrimSuffix(user, "...")) {
				return ""
			}
		}
		return "only for " + strings.Join(rule.users, ", ")
	}
	return "a module that no rule allows"
}

// refuseInTest is refuse for what only a package's tests import.
func refuseInTest(from, imp string) string {
	for _, module := range testThirdParty {
		if strings.HasPrefix(imp, module+"/") {
			return ""
		}
	}
	if imp == from || strings.HasPrefix(imp, "postern/lib/") {
		return "" // a test may come from above and below
	}
	if imp == "testing" {
		return ""
	}
	return refuse(from, imp)
}

func TestFaultsAreFound(t *testing.T) {
	tests := []struct {
		name string
		pkg  pkg
		want string // part of the only fault; empty: none
	}{
		{"down", pkg{path: "postern/lib/queue", name: "queue", imports: []string{"os", "postern/lib/smtp", "golang.org/x/sys/unix"}}, ""},
		{"sideways allowed", pkg{path: "postern/lib/deliver", name: "deliver", imports: []string{"postern/lib/queue"}}, ""},
		{"sideways", pkg{path: "postern/lib/queue", name: "queue", imports: []string{"postern/lib/deliver"}}, "same floor (3)"},
		{"upwards", pkg{path: "postern/lib/smtp", name: "smtp", imports: []string{"postern/lib/queue"}}, "upwards, from floor 1 to 3"},
		{"no floor", pkg{path: "postern/lib/novel", name: "novel"}, "stands on no floor"},
		{"test package", pkg{path: "postern/smtpd", name: "main", imports: []string{"postern/lib/smtptest"}}, "for tests only"},
		{"program imports program", pkg{path: "postern/smtpd", name: "main", imports: []string{"postern/send"}}, "a program"},
		{"program in lib", pkg{path: "postern/lib/smtp", name: "main"}, "is package main"},
		{"mechanism outside lib", pkg{path: "postern/tools/thing", name: "thing"}, "is package thing"},
		{"dns elsewhere", pkg{path: "postern/smtpd", name: "main", imports: []string{"github.com/miekg/dns"}}, "only for postern/lib/dns"},
		{"unknown module", pkg{path: "postern/smtpd", name: "main", imports: []string{"github.com/spf13/cobra"}}, "no rule allows"},
		{"testscript", pkg{path: "postern/send", name: "main", testImports: []string{"github.com/rogpeppe/go-internal/testscript", "testing"}}, ""},
		{"testscript in a program", pkg{path: "postern/send", name: "main", imports: []string{"github.com/rogpeppe/go-internal/testscript"}}, "no rule allows"},
		{"cgo", pkg{path: "postern/smtpd", name: "main", cgo: []string{"x.go"}}, "uses cgo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := faults(tt.pkg)
			if tt.want == "" && len(got) == 0 {
				return
			}
			if len(got) != 1 || tt.want == "" || !strings.Contains(got[0], tt.want) {
				t.Errorf("faults = %q, want one with %q", got, tt.want)
			}
		})
	}
}
