package greylist

import (
	"bytes"
	"io"
)

// find finds an entry on the whitelist that lets a client pass.
func (s *Store) find(w *wanted) (Entry, bool, error) {
	v, err := s.look()
	if err != nil {
		return Entry{}, false, ignoreMissing(err)
	}
	defer s.leave(v)
	if v.text == nil {
		return Entry{}, false, nil
	}
	if v.index != nil {
		e, ok, err := v.indexed(w)
		if err == nil {
			return e, ok, nil
		}
	}
	return v.scanned(w)
}

// indexed finds an entry by the index.
func (v *view) indexed(w *wanted) (e Entry, ok bool, err error) {
	var all verdict
	for kind := Net; kind < kinds && !ok; kind++ {
		err := v.index.keys(kind, w, func(k key) error { return v.collect(&all, k) })
		if err != nil {
			return e, false, err
		}
		e, ok = all.entry()
	}
	return e, ok, nil
}

// collect reads in the text what the index has of a key: what is not there is
// not believed.
func (v *view) collect(all *verdict, k key) error {
	at, err := v.index.lookup(k)
	if err != nil || at < 0 {
		return err
	}
	e, err := v.entryAt(at)
	if err == nil && e.key() != k {
		err = errStale
	}
	all.add(e, at)
	return err
}

// entryAt reads the entry at a place in the text.
func (v *view) entryAt(at int64) (Entry, error) {
	var room [maxLine + 2]byte
	n, err := v.text.ReadAt(room[:], at)
	if err != nil && err != io.EOF {
		return Entry{}, err
	}
	line, _, _ := bytes.Cut(room[:n], []byte("\n"))
	return ParseEntry(string(bytes.TrimRight(line, "\r")))
}

// scanned finds an entry by reading all of the text.
func (v *view) scanned(w *wanted) (Entry, bool, error) {
	var all verdict
	text := io.NewSectionReader(v.text, 0, int64(v.state.Size))
	err := eachLine(text, func(e Entry, at int64) {
		if w.has(&e) {
			all.add(e, at)
		}
	}, nil)
	e, ok := all.entry()
	return e, ok, err
}
