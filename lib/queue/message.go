package queue

import (
	"io"
	"os"
)

// Message is the text of an entry: LF line ends, its newest Received field
// first. Offset 0 is its first octet. It is valid until the entry is closed.
type Message struct {
	*io.SectionReader
	e *Entry
}

// Message is a new reader of the text, standing at its beginning.
func (e *Entry) Message() *Message {
	return &Message{io.NewSectionReader(e.file, e.head.size, e.size-e.head.size), e}
}

// File opens the text anew for reading by a child: the descriptor stands at the
// first octet of the text, and holds no lock. The caller closes it.
func (m *Message) File() (*os.File, error) {
	f, err := m.e.q.root.Open(m.e.path())
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(m.e.head.size, io.SeekStart); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
