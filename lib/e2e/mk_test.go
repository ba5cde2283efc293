package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const plan9mk = "/usr/lib/plan9/bin/mk"

// mk runs targets of the mkfile with everything installed below root, as somebody
// whose files nobody else may read.
func mk(t *testing.T, root string, args ...string) {
	t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", `umask 077; exec "$@"`, "sh", plan9mk}, args...)...)
	cmd.Dir = moduleRoot(t)
	cmd.Env = append(os.Environ(), "DESTDIR="+root)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mk %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// installedFiles lists the files below root, by their path there.
func installedFiles(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if fi, err := d.Info(); err != nil || fi.Mode()&0o444 != 0o444 {
			t.Errorf("%s: not everybody may read it (%v)", path, err)
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, root)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestMkInstall(t *testing.T) {
	Need(t, plan9mk)
	root := t.TempDir()
	mk(t, root, "PREFIX=/opt/mail", "install")
	files := installedFiles(t, root)
	for _, want := range []string{
		"lib/postern/smtpd", "lib/postern/send", "lib/postern/listen", "lib/postern/runq",
		"share/man/man8/smtpd.8", "share/man/man5/smtpd.conf.5", "share/man/man7/record.7",
		"lib/systemd/system/smtpd.socket", "lib/systemd/system/smtpd@.service",
		"lib/sysusers.d/postern.conf", "lib/tmpfiles.d/postern.conf", "share/postern/fail2ban.conf", "share/postern/runq.cron",
		"share/postern/greylist.cron", "share/postern/limit.cron", "share/postern/workers.conf", "share/postern/smtp-filter.nft",
	} {
		if _, ok := files["/opt/mail/"+want]; !ok {
			t.Errorf("mk install: no %s", want)
		}
	}
	for name, text := range files {
		if strings.HasPrefix(name, "/opt/mail/lib/postern/") {
			continue // a program
		}
		text = strings.ReplaceAll(text, "/usr/local/bin/", "") // of others, in examples
		if strings.Contains(text, "/usr/local") {
			t.Errorf("%s names /usr/local, but the prefix is /opt/mail", name)
		}
	}
	if _, ok := files["/opt/mail/share/man/man1/demo.1"]; ok {
		t.Error("mk install: the page of demo, which is not installed")
	}
	mk(t, root, "PREFIX=/opt/mail", "uninstall")
	for name := range installedFiles(t, root) {
		t.Errorf("mk uninstall left %s", name)
	}
}

// TestMkTargets has every target of the mkfile printed, not run.
func TestMkTargets(t *testing.T) {
	Need(t, plan9mk)
	mk(t, t.TempDir(), "-n", "all", "test", "check", "bench", "man", "install", "uninstall", "clean")
}

// TestMkBuildsEveryProgram compares the mkfile's list with the tree.
func TestMkBuildsEveryProgram(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), "mkfile"))
	if err != nil {
		t.Fatal(err)
	}
	var listed string
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "PROGS="); ok {
			listed = " " + strings.TrimSpace(v) + " "
		}
	}
	for _, p := range list(t, "linux", "./...") {
		dir := strings.Replace(p.path, "postern/", "./", 1)
		if p.name == "main" && dir != "./tools/demo" && !strings.Contains(listed, " "+dir+" ") {
			t.Errorf("the mkfile does not install %s", dir)
		}
	}
}
