package main

import "os"

// A lateFile is made when something is written into it.
type lateFile struct {
	path string
	file *os.File
}

func (l *lateFile) Write(p []byte) (n int, err error) {
	if l.file == nil {
		if l.file, err = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640); err != nil {
			return 0, err
		}
	}
	return l.file.Write(p)
}

// Close closes the file if it was made.
func (l *lateFile) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
