package queue

import (
	"os"
	"syscall"
	"testing"

	"postern/lib/e2e"
)

// What root makes below a folder of another user belongs to him: an
// administrator who tries a tool must not lock smtpd out, nor can smtp read what
// is root's.
func TestHeir(t *testing.T) {
	e2e.NeedRoot(t)
	const owner = 65534
	above := t.TempDir()
	if err := os.Chown(above, owner, owner); err != nil {
		t.Fatal(err)
	}
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
		fi, err := os.Stat(above + "/queue" + name)
		if err != nil {
			t.Fatal(err)
		}
		if st := fi.Sys().(*syscall.Stat_t); st.Uid != owner || st.Gid != owner {
			t.Errorf("queue%s belongs to %d:%d", name, st.Uid, st.Gid)
		}
	}
}
