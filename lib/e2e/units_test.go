package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// exposure is the worst score of `systemd-analyze security` that a unit may
// have: 2.0 for what talks to strangers.
const exposure = 2.0

// exempt are the units that may be worse, each with its score and reason.
var exempt = map[string]float64{
	// They deliver to each user as that user, wherever the mailbox is.
	"runq.service":      3.2,
	"runq-pass.service": 3.2,
}

// unitFiles are the unit files of the project.
func unitFiles(t *testing.T) []string {
	t.Helper()
	return find(t, func(name string) bool {
		ext := filepath.Ext(name)
		return ext == ".service" || ext == ".socket" || ext == ".timer" || ext == ".path"
	})
}

// find lists the project's files by their name.
func find(t *testing.T, want func(name string) bool) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(moduleRoot(t), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() && want(d.Name()) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestUnitsVerify has systemd read the units as they are once they and the
// programs are installed.
func TestUnitsVerify(t *testing.T) {
	analyze := Need(t, "systemd-analyze")[0]
	dir := t.TempDir()
	program(t, "smtpd") // so that ExecStart finds it
	args := []string{"verify", "--man=no"}
	for _, file := range unitFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		unit := filepath.Join(dir, filepath.Base(file))
		moved := strings.ReplaceAll(string(text), "/usr/local/lib/postern", bin)
		if err := os.WriteFile(unit, []byte(moved), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, unit)
	}
	out, err := exec.Command(analyze, args...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

var scoreLine = regexp.MustCompile(`exposure level for \S+: ([0-9.]+)`)

func TestUnitsAreHardened(t *testing.T) {
	analyze := Need(t, "systemd-analyze")[0]
	for _, file := range unitFiles(t) {
		if filepath.Ext(file) != ".service" {
			continue
		}
		out, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", file).CombinedOutput()
		m := scoreLine.FindSubmatch(out)
		if err != nil || m == nil {
			t.Errorf("%s: %v\n%s", file, err, out)
			continue
		}
		score, _ := strconv.ParseFloat(string(m[1]), 64)
		worst := exposure
		if e, ok := exempt[filepath.Base(file)]; ok {
			worst = e
		}
		if score > worst {
			t.Errorf("%s: exposure %.1f, want at most %.1f\n%s", filepath.Base(file), score, worst, out)
		}
	}
}

var (
	execLine   = regexp.MustCompile(`(?m)^ExecStart=-?(?:\S*/)?(smtpd|listen|runq)\b(.*)$`)
	familyLine = regexp.MustCompile(`(?m)^RestrictAddressFamilies=.*\bAF_NETLINK\b`)
)

// TestUnitsSeeInterfaces: only by netlink is a program told which addresses
// this host has. Without it mail that loops is not found, an address literal of
// ours is taken for another host's, and iface: listens nowhere.
func TestUnitsSeeInterfaces(t *testing.T) {
	seen := 0
	for _, file := range unitFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := execLine.FindSubmatch(text)
		if m == nil || strings.Contains(string(m[2]), "--caller") { // lists the queue
			continue
		}
		seen++
		if !familyLine.Match(text) {
			t.Errorf("%s: %s cannot ask for the addresses of this host", filepath.Base(file), m[1])
		}
	}
	if seen < 5 {
		t.Errorf("found %d units of smtpd, listen and runq", seen)
	}
}
