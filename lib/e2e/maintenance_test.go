package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// maintainScript starts a cron of its own in a mount namespace, in which the
// programs are where our crontabs look for them, with the state of an instance
// and the user that the crontabs name.
const maintainScript = `set -e
mount --make-rprivate /
mount -t tmpfs none /run
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /usr/local/lib
mount -t tmpfs none /var/lib
mount -t tmpfs none /var/spool
mkdir -p /usr/local/lib/postern /var/lib/postern /var/spool/postern /var/spool/cron/crontabs
cp "$2/greylist" "$2/limit" /usr/local/lib/postern
chmod 1730 /var/spool/cron/crontabs
mount --bind "$1/lib" /var/lib/postern
mount --bind "$1/spool" /var/spool/postern
mount --bind "$1/none" /etc/crontab
for name in passwd shadow; do mount --bind "$1/$name" /etc/$name; done
cp "$1/postern-greylist" "$1/postern-limit" /etc/cron.d
mount --bind "$1/sendmail" "$(readlink -f /usr/sbin/sendmail)"
exec cron -f
`

// maintainer is the user that the crontabs name; any that owns no files.
const maintainer = 64999

// maintained is an instance with state of which some is of no more use.
func maintained(t *testing.T) (root string) {
	t.Helper()
	in, _ := openInstance(t)
	root = in.root
	old := time.Now().Add(-48 * time.Hour)
	in.mkdir("lib/grey")
	in.mkdir("spool/queue/state")
	in.write("none", "")
	in.write("lib/grey/whitelist", "192.0.2.0/24 by hand\n198.51.100.7 since=2020-01-01T00:00:00Z delay=400\n")
	in.write("lib/grey/tmp/192.0.2.25/203.0.113.7/late@"+hostname, "")
	in.write("lib/grey/tmp/192.0.2.25/203.0.113.8/young@"+hostname, "")
	if err := os.Chtimes(filepath.Join(root, "lib/grey/tmp/192.0.2.25/203.0.113.7/late@"+hostname), old, old); err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"lib/state", "spool/queue/state"} {
		for key, rate := range map[string]string{"dry": "1e9", "full": "1"} {
			if out, status := in.run("", program(t, "limit"), "-s", filepath.Join(root, state), key, rate, "1"); status != 0 {
				t.Fatal(out)
			}
		}
	}
	in.accounts("passwd", fmt.Sprintf("postern:x:%d:%d::/:/bin/sh\n", maintainer, maintainer))
	in.accounts("shadow", "postern:*:19000:0:99999:7:::\n")
	in.write("sendmail", "#!/bin/sh\ncat >>/var/lib/postern/mail\n")
	for _, args := range [][]string{{"chown", "-R", fmt.Sprint(maintainer), root + "/lib", root + "/spool"}, {"chmod", "755", root + "/sendmail"}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return root
}

// accounts is a file of the host's with one line more.
func (in *instance) accounts(name, line string) {
	in.t.Helper()
	text, err := os.ReadFile("/etc/" + name)
	if err != nil {
		in.t.Fatal(err)
	}
	in.write(name, string(text)+line)
}

// schedule is a crontab of ours, each line twice, with another time.
func schedule(t *testing.T, file, when string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), file))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^[0-9]+ \* \* \* \*( .*)$`).ReplaceAllString(string(text), when+"$1\n"+when+"$1")
}

// Cron does what greylist.cron and limit.cron say, as the user that they name,
// each line twice at once: what is of no more use is gone, the rest is there,
// and nobody gets mail about it. At the start; and where every peer must be
// there, by the minute too.
func TestCronMaintains(t *testing.T) {
	NeedRoot(t)
	Need(t, "cron", "unshare", "/usr/sbin/sendmail")
	times := []string{"@reboot"}
	if Real() {
		times = append(times, "* * * * *")
	}
	for _, when := range times {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			root := maintained(t)
			for name, file := range map[string]string{"postern-greylist": "greylist/greylist.cron", "postern-limit": "tools/limit/limit.cron"} {
				if err := os.WriteFile(filepath.Join(root, name), []byte(schedule(t, file, when)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			runCron(t, root)
			checkMaintained(t, root)
		})
	}
}

// runCron runs cron until all its jobs have done their work.
func runCron(t *testing.T, root string) {
	t.Helper()
	cmd := exec.Command("unshare", "-m", "-p", "-f", "--kill-child", "sh", "-c", maintainScript, "sh", root, filepath.Dir(program(t, "limit")))
	said := new(Log)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		Missing(t, "no mount namespace: %v", err)
	}
	defer func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		if t.Failed() {
			t.Logf("cron said:\n%s", said)
		}
	}()
	for end := time.Now().Add(patience + time.Minute); len(unmaintained(root)) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still there: %q", unmaintained(root))
		}
	}
	// What a job has said is sent before its process ends.
	await(t, "cron to be alone", func() bool { return processesBelow(cmd.Process.Pid) == 1 })
}

// processesBelow is how many processes are in the namespace that a process has
// made for its children.
func processesBelow(pid int) (n int) {
	own, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid_for_children", pid))
	all, _ := filepath.Glob("/proc/[0-9]*/ns/pid")
	for _, name := range all {
		if ns, e := os.Readlink(name); e == nil && err == nil && ns == own {
			n++
		}
	}
	return n
}

// unmaintained is what is of no more use and still there.
func unmaintained(root string) (left []string) {
	for _, name := range []string{"lib/grey/tmp/192.0.2.25/203.0.113.7", "lib/state/rate/*/dry", "spool/queue/state/rate/*/dry"} {
		found, _ := filepath.Glob(filepath.Join(root, name))
		left = append(left, found...)
	}
	if text, _ := os.ReadFile(filepath.Join(root, "lib/grey/whitelist")); strings.Contains(string(text), "2020") {
		left = append(left, "a line of the whitelist")
	}
	return left
}

func checkMaintained(t *testing.T, root string) {
	t.Helper()
	for _, name := range []string{"lib/grey/tmp/192.0.2.25/203.0.113.8/young@" + hostname, "lib/state/rate/*/full", "spool/queue/state/rate/*/full"} {
		if found, err := filepath.Glob(filepath.Join(root, name)); len(found) != 1 || err != nil {
			t.Errorf("%s: %q, %v", name, found, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, "lib/grey/whitelist")); err != nil || string(text) != "192.0.2.0/24 by hand\n" {
		t.Errorf("the whitelist is %q, %v", text, err)
	}
	if mail, err := os.ReadFile(filepath.Join(root, "lib/mail")); err == nil {
		t.Errorf("cron sent mail:\n%s", mail)
	}
	for _, name := range []string{"lib/grey/expired", "lib/grey/whitelist"} {
		if fi, err := os.Stat(filepath.Join(root, name)); err != nil || fi.Sys().(*syscall.Stat_t).Uid != maintainer {
			t.Errorf("%s is not the user's: %v", name, err)
		}
	}
}
