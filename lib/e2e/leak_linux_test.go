package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"postern/lib/dnstest"
	"postern/lib/smtptest"
)

// holdings is what a process has in hand.
type holdings struct{ descriptors, threads int }

func holdingsOf(t *testing.T, pid int) holdings {
	t.Helper()
	count := func(folder string) int {
		list, err := os.ReadDir(fmt.Sprintf("/proc/%d/%s", pid, folder))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	return holdings{count("fd"), count("task")}
}

// children are the processes that a process has started and that are there still.
func children(t *testing.T, pid int) (pids []string) {
	t.Helper()
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // of each thread
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		pids = append(pids, strings.Fields(string(text))...)
	}
	return pids
}

// child is the only child of a process.
func child(t *testing.T, pid int) (child int) {
	t.Helper()
	await(t, "a worker", func() bool {
		if pids := children(t, pid); len(pids) > 0 {
			child, _ = strconv.Atoi(pids[0])
		}
		return child != 0
	})
	return child
}

// endings are sessions that end in every way that there is, one a word of the
// client's further than the other. What is asked about the silent domain has no
// answer when they end.
var endings = []string{
	"",
	"EHLO client.test\r\n",
	"EHLO client.test\r\nQUIT\r\n",
	"EHLO client.test\r\nMAIL FROM:<joe@silent.test>\r\n",
	"EHLO client.test\r\nMAIL FROM:<joe@silent.test>\r\nRSET\r\nMAIL FROM:<joe@silent.test>\r\nQUIT\r\n",
	"EHLO client.test\r\nMAIL FROM:<joe@fail.test>\r\nRCPT TO:<ann@mx.test>\r\nQUIT\r\n",
	"EHLO client.test\r\nMAIL FROM:<joe@temp.test>\r\nRCPT TO:<ann@mx.test>\r\n",
	"EHLO client.test\r\nMAIL FROM:<joe@pass.test>\r\nRCPT TO:<ann@mx.test>\r\nDATA\r\nSubject: half\r\n",
	"EHLO client.test\r\nMAIL FROM:<joe@pass.test>\r\nRCPT TO:<ann@mx.test>\r\nBDAT 10\r\nhalf",
	"EHLO client.test\r\nMAIL FROM:<joe@pass.test>\r\nRCPT TO:<ann@mx.test>\r\nDATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n",
	"EHLO client.test\r\nMAIL FROM:<joe@pass.test>\r\nRCPT TO:<ann@mx.test>\r\nDATA\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 8000) + ".\r\nQUIT\r\n",
	"NONSENSE\r\n\x00\xff\r\nQUIT\r\n",
	"GET / HTTP/1.0\r\n\r\n",
	"EHLO client.test\r\nAUTH PLAIN AGFubgBzZWNyZXQ=\r\nQUIT\r\n",
	"EHLO client.test\r\nAUTH SCRAM-SHA-256 biwsbj1hbm4scj1hYmNkZWZnaA==\r\n",
	"EHLO client.test\r\nSTARTTLS\r\n",
}

// TestNothingIsLeftOfSessions: a smtpd that stays holds after three hundred
// sessions what it held after its first ones: no descriptor, no thread and no
// goroutine more.
func TestNothingIsLeftOfSessions(t *testing.T) {
	for _, workers := range []string{"1:0", "1:0:8"} {
		t.Run("listen -w "+workers, func(t *testing.T) {
			w := newWorld(t, mailZone, "RBL -i -p -f -s 40 list.test", "RBL -s 1 broken.test", "ValidateAddress /bin/true",
				"EtcDir etc/postern", "SSLcert mx.pem", "SSLkey mx.key", "Users users", "AuthPlainClear 1")
			smtptest.WritePair(t, filepath.Join(w.root, "etc/postern"), "mx", smtptest.NewAuthority(t, "authority").Server(hostname))
			w.write("etc/postern/users", "ann:{PLAIN}secret\n")
			os.Chmod(filepath.Join(w.root, "etc/postern/users"), 0o600)
			w.dns.Fault("silent.test", dnstest.Silent)
			addr := FreePort(t)
			listen := w.start(program(t, "listen"), "-w", workers, "--proxy", "127.0.0.0/8", addr)
			accepts(t, addr)
			pid := child(t, listen.cmd.Process.Pid)
			w.endAll(t, addr, 3)
			before := holdingsOf(t, pid)
			w.endAll(t, addr, 20)
			await(t, "as few descriptors as before", func() bool { return holdingsOf(t, pid).descriptors <= before.descriptors })
			if after := holdingsOf(t, pid); after.threads > before.threads+10 {
				t.Errorf("%d threads, before %d", after.threads, before.threads)
			}
			n := goroutines(t, listen, pid)
			if n > 20 {
				t.Errorf("%d goroutines:\n%s", n, listen.log)
			}
			if got, want := len(w.messages("ann")), 2*(3+20); got != want {
				t.Errorf("%d messages, want %d", got, want)
			}
			t.Logf("%+v and %d goroutines", before, n)
		})
	}
}

// endAll has n sessions of each kind, one after the other.
func (w *world) endAll(t *testing.T, addr string, n int) {
	t.Helper()
	for range n {
		for _, text := range endings {
			c := strangerAt(t, addr)
			c.send(text)
			if strings.HasSuffix(text, "QUIT\r\n") {
				for last := ""; !strings.HasPrefix(last, "221 "); last = c.take() {
				}
			}
			c.conn.Close()
		}
		for _, text := range endings[1:3] {
			c := strangerAt(t, addr)
			c.hello()
			c.ask("STARTTLS", "220 ")
			conn := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true})
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			converse(t, conn).expect("250-")
			c.conn.Close()
		}
	}
}

// goroutines counts those of a process, which ends by that.
func goroutines(t *testing.T, s *server, pid int) int {
	t.Helper()
	syscall.Kill(pid, syscall.SIGQUIT)
	await(t, "a dump", func() bool { return strings.Contains(s.log.String(), "\ngoroutine ") && syscall.Kill(pid, 0) != nil })
	return len(regexp.MustCompile(`(?m)^goroutine \d+ `).FindAllString(s.log.String(), -1))
}
