package conf

import (
	"io"
)

// Parse reads a file of dialect d; file is its name for messages. Errors carry
// file and line, all of them at once; the lines without one are returned even
// then.
func Parse(d Dialect, file string, r io.Reader) ([]Line, error) { return nil, nil }

// Read reads the file that spec names, "file" or "dialect:file". The dialect is
// the one in spec, else that of a first line "#dialect name", else face; "" is
// native. A file that is not there is an error that is fs.ErrNotExist.
func Read(spec string, face Dialect) (Dialect, []Line, error) { return Native, nil, nil }

// SplitSpec takes "dialect:file" apart; the dialect is "" when spec names none.
func SplitSpec(spec string) (Dialect, string) { return "", spec }

// Detect gives the dialect that a file's first line, "#dialect name", names,
// and "" when it is another line. The name may be unknown.
func Detect(head []byte) Dialect { return "" }
