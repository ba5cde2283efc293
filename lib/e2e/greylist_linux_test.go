package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// On a disk that is full, or not to be written, strangers pass and the log says
// why; who is listed is known, and greylist tells the same to scripts.
func TestGreylistOnIllDisk(t *testing.T) {
	NeedRoot(t)
	in := newInstance(t, "SPF 0", "Greylist 1")
	in.mkdir(greyFolder)
	disk := newDiskAt(t, filepath.Join(in.root, greyFolder))
	in.write(greyFolder+"/whitelist", "203.0.113.0/24\n")
	told := func(client, want, logged string) {
		t.Helper()
		conn, p := in.sessionOf(client)
		got := oneRcpt(converse(t, conn))
		conn.Close()
		<-p.done // which lets go of the disk
		if got != want || !strings.Contains(p.log.String(), logged) {
			t.Errorf("%s is told %s, want %s, and %q in the log:\n%s", client, got, want, logged, p.log)
		}
	}
	check := func(client string, status int, want string) {
		t.Helper()
		if out, got := in.run("", program(t, "greylist"), "check", "192.0.2.25", client, "bob@"+hostname); got != status || !strings.Contains(out, want) {
			t.Errorf("greylist check %s: exit %d, %s; want %d and %q", client, got, out, status, want)
		}
	}
	told("198.51.100.1", "451", "greylist=new")
	free := disk.UseInodes(t)
	told("198.51.100.2", "250", "no space left on device")
	told("198.51.100.1", "451", "greylist=early") // needs no room
	told("203.0.113.7", "250", "greylist=white")
	check("198.51.100.3", 0, "no space left on device")
	free()
	told("198.51.100.2", "451", "greylist=new")
	disk.ReadOnly(t)
	told("198.51.100.4", "250", "read-only file system")
	told("203.0.113.7", "250", "greylist=white")
	check("198.51.100.4", 0, "read-only file system")
	check("203.0.113.9", 0, "white: 203.0.113.0/24")
	if out, status := in.run("", program(t, "greylist"), "allow", "198.51.100.4"); status != 75 || !strings.Contains(out, "read-only file system") {
		t.Errorf("allow: exit %d, %s", status, out)
	}
}

// Of 200 smtpd at once, of as many strangers, each is told to come again and
// remembered; when they come again at once, each passes while the lists are
// swept, and passes from then on.
func TestGreylistOfManyProcesses(t *testing.T) {
	const many = 200
	in := newInstance(t, "SPF 0", "Greylist 1", "GreylistDelay 1s")
	got := in.strangers(many)
	if got["451"] != many {
		t.Errorf("at first: %v, want %d of 451", got, many)
	}
	list := in.greylist("list", "recipient=*")
	if n := strings.Count(list, "\n"); n != many {
		t.Errorf("%d are remembered, want %d", n, many)
	}
	await(t, "the last one to have waited", func() bool { return !strings.Contains(in.greylist("list", "recipient=*"), "greylist_wait") })
	stop := make(chan struct{})
	swept := make(chan string)
	go func() {
		for {
			select {
			case <-stop:
				close(swept)
				return
			default:
			}
			if out, status := in.run("", program(t, "greylist"), "expire"); status != 0 {
				swept <- out
			}
		}
	}()
	got = in.strangers(many)
	close(stop)
	for out := range swept {
		t.Errorf("greylist expire: %s", out)
	}
	if got["250"] != many {
		t.Errorf("again: %v, want %d of 250", got, many)
	}
	if got := in.strangers(many); got["250"] != many {
		t.Errorf("from then on: %v, want %d of 250", got, many)
	}
	if white := in.greylist("list", "greylist=white"); strings.Count(white, "\n") < many/2 {
		t.Errorf("%d are listed, want about %d", strings.Count(white, "\n"), many)
	}
}

// strangers are n sessions at once, each of a network of its own.
func (in *instance) strangers(n int) map[string]int {
	in.t.Helper()
	answers := make(chan string)
	for i := range n {
		conn, _ := in.sessionOf(fmt.Sprintf("10.9.%d.1", i))
		c := converse(in.t, conn)
		go func() { answers <- oneRcpt(c) }()
	}
	count := map[string]int{}
	for range n {
		count[<-answers]++
	}
	return count
}
