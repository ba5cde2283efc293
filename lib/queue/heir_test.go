package queue

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"postern/lib/e2e"
)

// What root makes below a folder of another user belongs to him: an
// administrator who tries a tool must not lock smtpd out, nor can smtp read what
// is root's.
func TestHeir(t *testing.T) {
	above := e2e.ForeignDir(t)
	q, err := Open(above + "/queue")
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	d := q.Create(envelope("a"))
	defer d.Discard()
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "/new", "/new/f", "/wait", "/damaged", "/" + newRef(d.ID()).path()} {
		if _, err := os.Stat(above + "/queue" + name); err != nil {
			t.Fatal(err)
		}
	}
	e2e.GivenAway(t, above)
}

// Who owns the queue cannot have root write elsewhere by a link.
func TestForeignLink(t *testing.T) {
	e2e.NeedRoot(t)
	if runtime.GOOS != "linux" {
		t.Skip("there is no way to a folder by its descriptor here")
	}
	dir, elsewhere := t.TempDir(), t.TempDir()
	q, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	q.Close()
	e2e.GiveAway(t, dir)
	for _, s := range shards {
		folder := dir + "/new/" + string(s)
		if err := errors.Join(os.Remove(folder), os.Symlink(elsewhere, folder)); err != nil {
			t.Fatal(err)
		}
	}
	if q, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	d := q.Create(envelope("a"))
	defer d.Discard()
	if err := d.Commit(); err == nil {
		t.Error("an entry was made through a link")
	}
	if names, err := os.ReadDir(elsewhere); err != nil || len(names) > 0 {
		t.Errorf("elsewhere there is %v, %v", names, err)
	}
}
