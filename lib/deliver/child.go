package deliver

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"postern/lib/maildir"
	"postern/lib/place"
	"postern/lib/prog"
	"postern/lib/safefile"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// childLimit is how long a child may take for one delivery. Its waits for locks are
// shorter; a user's pipeto may use all of it.
const childLimit = commandLimit

// asOwner has send deliver the message with the rights of the mailbox's
// owner, so that no link of a user leads us to what is not his.
func (d *Deliverer) asOwner(ctx context.Context, owner maildir.Info, v Delivery) Outcome {
	if owner.Owner < 0 || owner.Owner > math.MaxUint32 || owner.Group < 0 || owner.Group > math.MaxUint32 {
		return deferred(smtp.BadConfiguration, "the owner of the mailbox is no user")
	}
	path, err := prog.Find(d.places, "send")
	if err != nil {
		return failed(err)
	}
	text, err := d.openText(v.Text)
	if err != nil {
		return failed(err)
	}
	defer text.Close()
	result, err := prog.Run(ctx, prog.Command{
		Path:  path,
		Args:  childArgs(v),
		Env:   []string{prog.SearchPath, place.RootEnv + "=" + d.places.Root()},
		Dir:   "/",
		Stdin: text,
		Cred:  rightsOf(owner),
		Limit: childLimit,
	})
	if err != nil {
		return failed(err)
	}
	return fromChild(result, v.Dest)
}

// nobodysGroup is the group of an owner who is in no table of users.
const nobodysGroup = 65534

// rightsOf returns the rights of a mailbox's owner, with the mailbox's group, which
// may be what lets him lock it. Where that is root's group, as in a folder that
// an administrator has made for him, it is the owner's own group: a user's
// programs run with it.
func rightsOf(owner maildir.Info) *syscall.Credential {
	rights := &syscall.Credential{Uid: uint32(owner.Owner), Gid: uint32(owner.Group)}
	if rights.Gid == 0 {
		rights.Gid = nobodysGroup
		if own, err := prog.CredentialOf(owner.Owner); err == nil {
			rights.Gid = own.Gid
		}
	}
	return rights
}

// childArgs are the arguments of send for v.
func childArgs(v Delivery) []string {
	args := []string{"--deliver", v.Dest.String(), "-f", v.Sender.String()}
	if v.ID != "" {
		args = append(args, "--id", v.ID)
	}
	if v.Again {
		args = append(args, "--again")
	}
	return append(args, "--", v.Dest.Mailbox.String())
}

// fromChild is the Outcome of a child. What it prints are the addresses to
// which the user wants his mail to be sent on.
func fromChild(r prog.Result, dest Destination) Outcome {
	r.Reason = strings.TrimPrefix(r.Reason, "send: ")
	o := fromExit(r, dest.Path)
	if o.Status != Delivered || len(r.Output) == 0 {
		return o
	}
	for _, word := range addressWords(string(r.Output)) {
		m, err := parseAddress(word)
		if err != nil || len(o.Forward) == maxForward {
			return failed(fmt.Errorf("%s%s: no list of addresses: %w", dest.Path, forwardFile, err))
		}
		o.Forward = append(o.Forward, m)
	}
	return o
}

// fromExit is the Outcome that an exit status stands for.
func fromExit(r prog.Result, where string) Outcome {
	if r.Status == sysexits.OK {
		return done(where)
	}
	o := Outcome{Status: Deferred, Reply: smtp.FromExit(r.Status, r.Reason)}
	if o.Reply.Class() == 5 {
		o.Status = Rejected
	}
	return o
}

// openText opens what is left of msg as a file, for a child's standard input.
func (d *Deliverer) openText(msg io.ReadSeeker) (*os.File, error) {
	if f, ok := msg.(interface{ File() (*os.File, error) }); ok {
		return f.File()
	}
	draft := safefile.NewDraft(d.config.Queue, 0)
	defer draft.Discard()
	if _, err := io.Copy(draft, msg); err != nil {
		return nil, err
	}
	return draft.File()
}

// folderOf is the Info of the folder in which a mailbox is to be made.
func folderOf(path string) (maildir.Info, error) {
	dir := filepath.Dir(filepath.Clean(path))
	fi, err := os.Stat(dir)
	if err != nil {
		return maildir.Info{}, err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return maildir.Info{}, syscall.ENOTSUP
	}
	return maildir.Info{Owner: int(st.Uid), Group: int(st.Gid), Device: uint64(st.Dev)}, nil
}
