package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// errCommitted is for what comes behind Commit.
var errCommitted = errors.New("the draft is committed already")

// Commit makes the draft durable and gives it its names, all of them or none:
// it writes what is in memory, fsyncs the file, links it to each name and
// fsyncs each name's folder. A name that exists, were it a symbolic link that
// leads nowhere, is an error that is fs.ErrExist. A draft can be committed
// once; after an error it can only be discarded.
func (d *Draft) Commit(mode os.FileMode, names ...string) error {
	if d.err != nil {
		return d.err
	}
	if d.err = d.commit(mode, names); d.err != nil {
		return d.err
	}
	d.err = errCommitted
	return nil
}

func (d *Draft) commit(mode os.FileMode, names []string) error {
	if len(names) == 0 {
		return errors.New("no name to commit the draft to")
	}
	if err := d.finish(mode); err != nil {
		return err
	}
	for i, name := range names {
		if err := link(d.fd, d.name, name); err != nil {
			d.unlink(names[:i])
			return pathError("link", name, err)
		}
	}
	if err := d.syncParents(names); err != nil {
		d.unlink(names)
		return err
	}
	if d.temp {
		os.Remove(d.name)
		d.name, d.temp = names[0], false
	}
	return nil
}

// finish makes the file whole and durable.
func (d *Draft) finish(mode os.FileMode) error {
	if err := d.flush(mode); err != nil {
		return err
	}
	set := setMode
	if d.mode != mode {
		set = chmod
	}
	if err := set(d.fd, d.path(), mode); err != nil {
		return err
	}
	if err := d.Heir.Give(d.fd); err != nil {
		return pathError("chown", d.path(), err)
	}
	return syncFile(d.fd, d.path())
}

// syncParents makes the names durable.
func (d *Draft) syncParents(names []string) error {
	var done []string
	for _, name := range names {
		dir := filepath.Dir(name)
		if slices.Contains(done, dir) {
			continue
		}
		if err := d.Syncer.SyncDir(dir); err != nil {
			return err
		}
		done = append(done, dir)
	}
	return nil
}

// unlink takes names back.
func (d *Draft) unlink(names []string) {
	for _, name := range names {
		os.Remove(name)
	}
}
