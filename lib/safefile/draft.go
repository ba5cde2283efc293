package safefile

import (
	"io"
	"os"
)

type Draft struct{ Syncer *Syncer }

func NewDraft(dir string, memory int) *Draft                                { return nil }
func (d *Draft) Write(p []byte) (int, error)                                { return 0, nil }
func (d *Draft) Size() int64                                                { return 0 }
func (d *Draft) ReadAt(p []byte, off int64) (int, error)                    { return 0, nil }
func (d *Draft) Reader() io.Reader                                          { return nil }
func (d *Draft) File() (*os.File, error)                                    { return nil, nil }
func (d *Draft) Commit(mode os.FileMode, names ...string) error             { return nil }
func (d *Draft) Discard()                                                   {}
func WriteFile(name string, data []byte, mode os.FileMode) error            { return nil }
func OpenRegular(name string, flag int, mode os.FileMode) (*os.File, error) { return nil, nil }
