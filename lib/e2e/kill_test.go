package e2e

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postern/lib/queue"
	"postern/lib/smtp"
)

// sink is a server that takes all mail, slowly, and counts it by recipient.
type sink struct {
	addr string
	mu   sync.Mutex
	got  map[string]int
}

func newSink(t testing.TB) *sink {
	t.Helper()
	s := &sink{got: map[string]int{}}
	s.addr = Serve(t, "tcp", "127.0.0.1:0", s.serve)
	return s
}

// serve is one session.
func (s *sink) serve(conn net.Conn) {
	conn.SetDeadline(time.Now().Add(patience))
	r := smtp.NewReader(conn)
	fmt.Fprint(conn, "220 sink.test ESMTP\r\n")
	var rcpt string
	for {
		line, err := r.Line(smtp.MaxCommandLine)
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(string(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			fmt.Fprint(conn, "250-sink.test\r\n250 PIPELINING\r\n")
			continue
		case "RCPT":
			rcpt = rest
		case "DATA":
			fmt.Fprint(conn, "354 go on\r\n")
			if _, err := r.Text(io.Discard, smtp.TextOptions{}); err != nil {
				return
			}
			s.take(rcpt)
		}
		fmt.Fprint(conn, "250 ok\r\n")
	}
}

// take counts a message. From here on it is the sink's.
func (s *sink) take(rcpt string) {
	s.mu.Lock()
	s.got[rcpt]++
	s.mu.Unlock()
	time.Sleep(2 * time.Millisecond)
}

// TestKillOutgoing kills runq and smtp again and again, at any time, until the
// queue is empty. No message may be lost; that some come twice cannot be helped
// (RFC 5321 4.2.5: who does not hear the reply has to try again), and how many
// do is told.
func TestKillOutgoing(t *testing.T) {
	messages := 1000
	if testing.Short() {
		messages = 100
	}
	s := newSink(t)
	in := newInstance(t, "Route * "+s.addr)
	want := in.enqueue(messages, "sender@example.net")
	kills := in.killUntilEmpty(program(t, "runq"))
	await(t, "the end of the last smtp", func() bool { return len(in.smtps()) == 0 })
	s.mu.Lock()
	defer s.mu.Unlock()
	twice := 0
	for _, rcpt := range want {
		n := s.got["TO:<"+rcpt+">"]
		if n == 0 {
			t.Errorf("%s: lost", rcpt)
		}
		twice += max(0, n-1)
	}
	if kills == 0 {
		t.Error("nothing was killed")
	}
	t.Logf("%d messages, %d kills, none lost, %d came once more", messages, kills, twice)
}

// enqueue puts messages for other hosts into the queue.
func (in *instance) enqueue(n int, sender string) (rcpts []string) {
	in.t.Helper()
	q, err := queue.Open(filepath.Join(in.root, "var/spool/postern/queue"))
	if err != nil {
		in.t.Fatal(err)
	}
	defer q.Close()
	from, err := smtp.ParseMailbox(sender, false)
	if err != nil {
		in.t.Fatal(err)
	}
	for i := range n {
		m := smtp.Mailbox{Local: "u" + strconv.Itoa(i), Domain: "example.org"}
		d := q.Create(&smtp.Envelope{Sender: from, Recipients: []smtp.Recipient{{Mailbox: m}}})
		io.WriteString(d, testMessage("kill"))
		if err := d.Commit(); err != nil {
			in.t.Fatal(err)
		}
		d.Discard()
		rcpts = append(rcpts, m.String())
	}
	return rcpts
}

// killUntilEmpty runs runq until the queue is empty, and kills it or an smtp
// of its after a while, by chance. At last it lets one come to its end.
func (in *instance) killUntilEmpty(runq string) (kills int) {
	in.t.Helper()
	for end := time.Now().Add(3 * patience); in.waiting() > 0; {
		if time.Now().After(end) {
			in.t.Fatalf("%d messages are still there after %d kills", in.waiting(), kills)
		}
		cmd := exec.Command(runq, "-E")
		cmd.Env, cmd.Dir = in.env(), in.root
		if err := cmd.Start(); err != nil {
			in.t.Fatal(err)
		}
		for range rand.IntN(3) {
			time.Sleep(rand.N(50 * time.Millisecond))
			kills += killOne(in.smtps())
		}
		time.Sleep(rand.N(50 * time.Millisecond))
		if cmd.Process.Kill() == nil {
			kills++
		}
		cmd.Wait()
	}
	return kills
}

// killOne kills one of some processes.
func killOne(pids []int) (kills int) {
	if len(pids) > 0 && syscall.Kill(pids[rand.IntN(len(pids))], syscall.SIGKILL) == nil {
		return 1
	}
	return 0
}

// smtps are the processes of smtp of this instance, whose root stands in their
// environment.
func (in *instance) smtps() (pids []int) {
	procs, _ := os.ReadDir("/proc")
	for _, p := range procs {
		pid, err := strconv.Atoi(p.Name())
		if err != nil {
			continue
		}
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if string(name) == "smtp\n" && strings.Contains(string(env), "POSTERN_ROOT="+in.root+"\x00") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// waiting is how many messages are in the queue.
func (in *instance) waiting() (n int) {
	in.t.Helper()
	q, err := queue.Open(filepath.Join(in.root, "var/spool/postern/queue"))
	if err != nil {
		in.t.Fatal(err)
	}
	defer q.Close()
	for _, err := range q.All(context.Background()) {
		if err != nil {
			in.t.Fatal(err)
		}
		n++
	}
	return n
}
