package check

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"postern/lib/safefile"
	"postern/lib/smtp"
)

// A ratify tree holds files whose names alone count:
//
//	trusted/192.0.2.7        a client that may relay
//	trusted/192.0.2.7#32     likewise, for two hours: who has fetched mail
//	allow/ip/192.0.2.0#24    a class and an address, or a network: # stands for /
//	block/account/dom!user   a class and a sender: dom!user, user@dom or dom
//
// A name is looked for, and no folder is ever read.
type ratify struct {
	dir string
	now func() time.Time
}

// lapse is how long an entry of a login counts.
const lapse = 2 * time.Hour

// A tree is a ratify tree that is open for a few questions. A nil tree has
// nothing in it.
type tree struct {
	root *os.Root
	now  func() time.Time
	err  *error // what could not be read is added here
}

// open opens the tree. Without one that is configured and there, it is nil;
// what else is wrong with it, now or at a question, is added to err.
func (r ratify) open(err *error) *tree {
	if r.dir == "" {
		return nil
	}
	root, e := os.OpenRoot(r.dir)
	if e != nil {
		if !errors.Is(e, fs.ErrNotExist) {
			*err = errors.Join(*err, e)
		}
		return nil
	}
	return &tree{root, r.now, err}
}

func (t *tree) close() {
	if t != nil {
		t.root.Close()
	}
}

// trusted looks a client up in the folder of that name.
func (r ratify) trusted(client netip.Addr) (ok bool, err error) {
	t := r.open(&err)
	defer t.close()
	ok = t != nil && t.has("trusted", addressNames(client)) != ""
	return ok, err
}

// client is the class of a client.
func (t *tree) client(a netip.Addr) listed {
	return t.find("ip", addressNames(a))
}

// sender is the class of a sender.
func (t *tree) sender(m smtp.Mailbox) listed {
	if m.IsZero() {
		return listed{}
	}
	domain, user := safefile.Name(strings.ToLower(m.Domain)), safefile.Name(strings.ToLower(m.Local))
	whole := safefile.Name(strings.ToLower(m.Local + "@" + m.Domain))
	return t.find("account", []string{domain + "!" + user, whole, domain})
}

// find is the first class, in their order, under which one of the names is.
func (t *tree) find(kind string, names []string) listed {
	if t == nil {
		return listed{}
	}
	for c := Allow; c < classes; c++ {
		if name := t.has(c.String()+"/"+kind, names); name != "" {
			return listed{c, t.root.Name() + "/" + name}
		}
	}
	return listed{}
}

// has is the first of the names that is in a folder, with the folder in front.
// Links are not followed.
func (t *tree) has(folder string, names []string) string {
	for _, name := range names {
		path := folder + "/" + name
		fi, err := t.root.Lstat(path)
		if err == nil && fi.Mode()&fs.ModeSymlink == 0 && !t.lapsed(path, fi) {
			return path
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			*t.err = errors.Join(*t.err, err)
			return ""
		}
	}
	return ""
}

// lapsed says whether an entry is that of a login long ago.
func (t *tree) lapsed(path string, fi fs.FileInfo) bool {
	login := strings.HasPrefix(path, "trusted/") && (strings.HasSuffix(path, "#32") || strings.HasSuffix(path, "#128"))
	return login && t.now().Sub(fi.ModTime()) > lapse
}

// addressNames are the names under which a client may stand: its address, and
// the network that is usually one owner's.
func addressNames(a netip.Addr) []string {
	if !a.IsValid() {
		return nil
	}
	a = a.Unmap().WithZone("")
	whole, network := "#32", 24
	if a.Is6() {
		whole, network = "#128", 64
	}
	net, _ := a.Prefix(network)
	return []string{a.String(), a.String() + whole, strings.Replace(net.String(), "/", "#", 1)}
}
