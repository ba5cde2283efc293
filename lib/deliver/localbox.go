package deliver

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"postern/lib/maildir"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

// mailbox is the Maildir of a local user: by the name in lower case, as it
// stands, and without the extension.
func (d *Deliverer) mailbox(m smtp.Mailbox) (Destination, error) {
	for _, local := range d.names(m.Local) {
		for _, name := range variants(local) {
			dest := d.newMailbox(m, name)
			err := dest.look()
			if err == nil {
				dest.Create = false
				return dest, nil
			}
			if !missing(err) {
				return Destination{}, err
			}
		}
	}
	if aliases, _ := d.aliases.Load(); aliases != nil && aliases.broken != nil {
		return Destination{}, aliases.broken // the name may stand in a line we cannot read
	}
	return Destination{Kind: Nobody, Mailbox: m}, nil
}

// newMailbox is the Maildir of the user, made when it is missing.
func (d *Deliverer) newMailbox(m smtp.Mailbox, user string) Destination {
	return Destination{Kind: Maildir, Path: d.config.Mail + "/" + safefile.Name(user) + "/", Create: true, Mailbox: m, User: user}
}

// names are the local names to look for: as it stands and, where there is a
// separator, without the extension.
func (d *Deliverer) names(local string) []string {
	if i := strings.IndexAny(local, d.config.Separator); i > 0 {
		return []string{local, local[:i]}
	}
	return []string{local}
}

// variants are the name in lower case, and as it stands.
func variants(name string) []string {
	if lower := strings.ToLower(name); lower != name {
		return []string{lower, name}
	}
	return []string{name}
}

// look finds out about a Maildir or mbox.
func (d *Destination) look() error {
	if d.Kind == Mbox {
		var st syscall.Stat_t
		err := syscall.Lstat(d.Path, &st)
		d.info = maildir.Info{Owner: int(st.Uid), Group: int(st.Gid), Device: uint64(st.Dev)}
		d.there = err == nil
		return err
	}
	var err error
	d.info, err = maildir.Stat(d.Path)
	d.there = err == nil
	d.private = d.there && hasPersonal(d.Path)
	return err
}

// missing says whether err means that there is no such mailbox.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}
