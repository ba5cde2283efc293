package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// greyRequests is how many strangers come, each of a network of its own.
const greyRequests = 5000

// TestGreylistAndPostgrey asks both ten thousand requests of Postfix's policy
// protocol: strangers come, and come again when they may. The answers mean the
// same.
func TestGreylistAndPostgrey(t *testing.T) {
	NeedRoot(t)
	dir := rootFor(t)
	servers := []*greyServer{ownGreylist(t, dir), debianGreylist(t, dir)}
	for round, want := range []string{"DEFER_IF_PERMIT", "DUNNO"} {
		if round > 0 {
			await(t, "the last stranger to be let through", func() bool {
				return servers[0].ask(greyRequests-1) == want && servers[1].ask(greyRequests-1) == want
			})
		}
		for _, s := range servers {
			wrong := 0
			for i := range greyRequests {
				if s.ask(i) != want {
					wrong++
				}
			}
			if wrong > 0 {
				t.Errorf("%s: %d of %d answers were not %s", s.name, wrong, greyRequests, want)
			}
		}
	}
}

// greyServer is a policy server that is asked.
type greyServer struct {
	name string
	t    *testing.T
	w    io.Writer
	r    *bufio.Reader
}

// ask is the first word of the action; of postgrey's, which tells a message how
// long it was delayed, the one that lets it through.
func (s *greyServer) ask(i int) string {
	s.t.Helper()
	fmt.Fprintf(s.w, "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=10.%d.%d.1\nclient_name=unknown\n"+
		"sender=a@none.test\nrecipient=r%d@rcpt.test\ninstance=%d\n\n", i>>8, i&255, i%7, i)
	line, err := s.r.ReadString('\n')
	if err == nil {
		_, err = s.r.ReadString('\n')
	}
	if err != nil {
		s.t.Fatalf("%s: %v", s.name, err)
	}
	word := strings.Fields(strings.TrimPrefix(line, "action="))[0]
	if word == "PREPEND" {
		return "DUNNO"
	}
	return word
}

func ownGreylist(t *testing.T, dir string) *greyServer {
	cmd := exec.Command(program(t, "greylist"), "-P", "--key", "net", "--delay", "3", "--dir", filepath.Join(dir, "grey"))
	w, errW := cmd.StdinPipe()
	r, errR := cmd.StdoutPipe()
	if errW != nil || errR != nil {
		t.Fatal(errW, errR)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(); cmd.Wait() })
	return &greyServer{"greylist", t, w, bufio.NewReader(r)}
}

// debianGreylist is postgrey on a Unix socket.
func debianGreylist(t *testing.T, dir string) *greyServer {
	db, socket := filepath.Join(dir, "postgrey"), filepath.Join(dir, "postgrey", "socket")
	install := exec.Command("install", "-d", "-o", "postgrey", db)
	cmd := exec.Command(Need(t, "postgrey")[0], "--unix="+socket, "--dbdir="+db, "--pidfile="+db+"/pid",
		"--user=postgrey", "--group=nogroup", "--delay=3", "--auto-whitelist-clients=0")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	var conn net.Conn
	await(t, "postgrey", func() (ok bool) {
		var err error
		conn, err = net.Dial("unix", socket)
		return err == nil
	})
	t.Cleanup(func() { conn.Close() })
	return &greyServer{"postgrey", t, conn, bufio.NewReader(conn)}
}
