package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// cronScript starts a cron of its own in a mount namespace: with an empty
// spool and /run, the crontab given, and our sendmail where cron has its
// compiled in.
const cronScript = `set -e
mount --make-rprivate /
mount -t tmpfs none /run
mount -t tmpfs none /etc/cron.d
touch "$2.crontab"
mount --bind "$2.crontab" /etc/crontab
mount -t tmpfs none /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
cp "$1" /var/spool/cron/crontabs/nobody
chown nobody:crontab /var/spool/cron/crontabs/nobody
chmod 600 /var/spool/cron/crontabs/nobody
mount --bind "$2" "$(readlink -f /usr/sbin/sendmail)"
exec cron -f
`

// What a job of an ordinary user says comes to him as mail, without anything
// that is setuid.
func TestCron(t *testing.T) {
	NeedRoot(t)
	Need(t, "cron", "unshare", "/usr/sbin/sendmail")
	in, sendmail := openInstance(t)
	in.takeSubmissions()
	crontab := filepath.Join(in.root, "crontab")
	// At the start: no need to wait for the next minute.
	text := "MAILTO=bob@mx.test,ann\nHOME=/\n@reboot echo the text of uid $(id -u)\n"
	if err := os.WriteFile(crontab, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "-m", "--kill-child", "sh", "-c", cronScript, "sh", crontab, sendmail)
	said := new(Log)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		Missing(t, "no mount namespace: %v", err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		if t.Failed() {
			t.Logf("cron said:\n%s", said)
		}
	})
	await(t, "mail from cron", func() bool { return len(in.messages("bob")) > 0 })
	got := handedIn(t, in)
	for _, want := range []string{"\nSubject: Cron <nobody@", "\n\nthe text of uid 65534\n", "\nTo: bob@mx.test,ann\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
