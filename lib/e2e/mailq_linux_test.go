package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/caller"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// slowCaller asks for a listing, takes its first octet, and then nothing more.
func slowCaller(t *testing.T, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// Callers who do not read what they have asked for keep nobody else from his
// listing as long as there are places, and never more processes than places. A
// listing that was refused or cut off is no empty one.
func TestMailqSlow(t *testing.T) {
	const places = 8
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		t.Skip("this kernel does not say who has started whom")
	}
	in, sendmail := openInstance(t)
	q, err := queue.Open(filepath.Join(in.root, "var/spool/postern/queue"))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	long := strings.Repeat("long.", 20) + "example"
	env := &smtp.Envelope{Sender: smtp.Mailbox{Local: "a", Domain: "b.example"}} // root's: more than a socket holds
	for n := range 4000 {
		env.Recipients = append(env.Recipients, smtp.Recipient{Mailbox: smtp.Mailbox{Local: fmt.Sprint(n), Domain: long}, Dest: "relay"})
	}
	own := &smtp.Envelope{Ident: caller.Ident(outsider), Recipients: []smtp.Recipient{{Mailbox: smtp.Mailbox{Local: "his", Domain: "x.example"}, Dest: "relay"}}}
	for _, e := range []*smtp.Envelope{env, own} {
		d := q.Create(e)
		if err := d.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(in.root, "run/postern/mailq")
	listen := in.start(program(t, "listen"), "-c", fmt.Sprint(places), "-m", fmt.Sprint(places), path, "--", program(t, "runq"), "--caller")
	await(t, "a listener at "+path, func() bool { return strings.Contains(listen.log.String(), "listening") })
	var slow []net.Conn
	for range places - 1 {
		slow = append(slow, slowCaller(t, path))
	}
	if out, status := asOutsider(t, "", sendmail, "-bp"); status != 0 || !strings.Contains(out, "his@x.example") || !strings.Contains(out, "-- 1 entry") {
		t.Errorf("beside %d slow ones: %d, %s", len(slow), status, out)
	}
	await(t, "a place", func() bool { return len(children(t, listen.cmd.Process.Pid)) == places-1 })
	slow = append(slow, slowCaller(t, path))
	if out, status := asOutsider(t, "", sendmail, "-bp"); status != 75 || !strings.Contains(out, "Too many") {
		t.Errorf("without a place: %d, %s", status, out)
	}
	if n := len(children(t, listen.cmd.Process.Pid)); n != places {
		t.Errorf("%d processes for %d callers", n, len(slow))
	}
	for _, conn := range slow {
		conn.Close()
	}
	await(t, "places", func() bool { return len(children(t, listen.cmd.Process.Pid)) == 0 })
	if out, status := asOutsider(t, "", sendmail, "-bp"); status != 0 || !strings.Contains(out, "-- 1 entry") {
		t.Errorf("afterwards: %d, %s", status, out)
	}
}
