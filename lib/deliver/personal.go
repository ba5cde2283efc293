package deliver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"postern/lib/prog"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

// What a user may put into his Maildir to say what becomes of his mail.
const (
	forwardFile = "forward" // other addresses
	pipetoFile  = "pipeto"  // a program that takes the mail
)

// Bounds of a forward file.
const (
	maxForwardFile = 64 << 10 // octets
	maxForward     = 100      // addresses
)

// hasPersonal says whether there is something of the user's own in a Maildir.
func hasPersonal(path string) bool {
	for _, name := range [...]string{forwardFile, pipetoFile} {
		if _, err := os.Lstat(filepath.Join(path, name)); err == nil {
			return true
		}
	}
	return false
}

// personal obeys a user's forward or pipeto. done is false when the mail goes
// into his mailbox after all: there is neither, or it has been sent on from
// here before, as when two users forward to each other.
func (d *Deliverer) personal(ctx context.Context, v *Delivery) (o Outcome, done bool) {
	if !d.config.Commands && !v.Child {
		return deferred(smtp.BadConfiguration, "the user's forward or pipeto is obeyed by runq"), true
	}
	list, err := readForward(filepath.Join(v.Dest.Path, forwardFile))
	switch {
	case err != nil:
		return failed(err), true
	case len(list) == 0:
		return d.pipeto(ctx, v)
	}
	err = d.notDelivered(v.Dest.Mailbox.String(), v.Text)
	if errors.Is(err, ErrLoop) {
		v.home = true
		return Outcome{}, false
	}
	if err != nil {
		return failed(err), true
	}
	return Outcome{Status: Delivered, Reply: smtp.Say(250, smtp.NoDetail, "sent on"), Forward: list}, true
}

// readForward is the addresses in a forward file: parted by blanks, commas and
// line ends, with comments behind #. None means that there is no such file.
func readForward(path string) ([]smtp.Mailbox, error) {
	f, err := openPersonal(path)
	if f == nil {
		return nil, err
	}
	defer f.Close()
	text, _, err := safefile.ReadTrusted(f, maxForwardFile, 0o022)
	if err != nil {
		return nil, err
	}
	var list []smtp.Mailbox
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range addressWords(line) {
			m, err := parseAddress(word)
			if err == nil && len(list) == maxForward {
				err = fmt.Errorf("more than %d addresses", maxForward)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			list = append(list, m)
		}
	}
	return list, nil
}

// openPersonal opens a file of the user whom we are, nil if there is none. It
// must be a file with one name, his or root's, which nobody else may write.
func openPersonal(path string) (*os.File, error) {
	f, err := safefile.OpenRegular(path, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && (!trustedOwner(fi) || fi.Mode().Perm()&0o022 != 0) {
		err = fmt.Errorf("%s: others may write it, or it belongs to somebody else", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// pipeto runs the user's own program, if he has one that may be executed, with
// the address and the mailbox as its arguments.
func (d *Deliverer) pipeto(ctx context.Context, v *Delivery) (o Outcome, done bool) {
	path := filepath.Join(v.Dest.Path, pipetoFile)
	f, err := openPersonal(path)
	switch {
	case err != nil:
		return failed(err), true
	case f == nil:
		return Outcome{}, false
	}
	fi, err := f.Stat()
	f.Close()
	if err != nil || fi.Mode().Perm()&0o100 == 0 {
		return Outcome{}, false
	}
	box := filepath.Clean(v.Dest.Path)
	user := filepath.Base(box)
	return d.pipe(ctx, *v, prog.Command{
		Path: path, Args: []string{v.Dest.Mailbox.String(), box}, Dir: box,
		Env: append(d.environ(*v), "USER="+user, "LOGNAME="+user, "upasname="+user, "HOME="+box),
	}), true
}
