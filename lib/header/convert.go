package header

import (
	"bufio"
	"io"
	"slices"
	"time"
)

// Conversion turns what people and programs hand in into a message that may
// travel (RFC 5322 3.6). A message that lacks nothing comes out as it is,
// octet for octet, so that signatures hold.
//
//   - Date, From, To and Message-ID are added behind the last field where they
//     are missing. To names the recipients when there is neither To nor Cc, and
//     nobody ("undisclosed-recipients:;") when there was a Bcc.
//   - Bcc and Resent-Bcc are taken out.
//   - The addresses in From, Sender, Reply-To, To, Cc and their Resent- forms
//     are given to Address; source routes go.
//   - "From " lines that stand first, as mailboxes and UUCP have them, are taken
//     out; the time in the first is the Date where there is none.
//   - The head ends at a line that is no field. It becomes the first line of
//     the body, with an empty line in front.
//   - CRLF becomes LF, and the last line gets its end.
type Conversion struct {
	Now     time.Time
	ID      string                   // body of Message-ID
	From    func() string            // body of From, when it is missing
	To      []string                 // addresses for To
	Address func(spec string) string // "ann" to "ann@example.org"; nil to leave them

	has      map[string]bool // fields that are there, and "Bcc" that was
	received time.Time       // what a "From " line says
}

// Convert writes the converted message to w, with LF line ends. Of the head at
// most one field is in memory. The error is one of reading or writing.
func (c *Conversion) Convert(w io.Writer, message io.Reader) error {
	in := bufio.NewReaderSize(newUnixLines(message), lineBlock)
	c.has = make(map[string]bool)
	c.received = dropFromLines(in)
	f := NewFilter(w, c.edit)
	f.Tail = c.missing
	if err := passHead(f, in); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	_, err := io.Copy(w, in)
	return err
}

// passHead passes the head on to f, and an empty line if anything follows it.
func passHead(f *Filter, in *bufio.Reader) error {
	for begin := true; ; begin = false {
		start, err := in.Peek(maxName + 2)
		switch {
		case len(start) == 0 && err == io.EOF:
			return nil
		case len(start) == 0:
			return err
		case start[0] == '\n':
			in.Discard(1)
			_, err = f.Write([]byte{'\n'})
			return err
		case begin && isBlank(start[0]), !isBlank(start[0]) && fieldName(firstLine(start)) == "":
			_, err = f.Write([]byte{'\n'})
			return err
		}
		if err := passLine(f, in); err != nil {
			return err
		}
	}
}

// passLine passes one line on, however long it is.
func passLine(f *Filter, in *bufio.Reader) error {
	for {
		piece, err := in.ReadSlice('\n')
		if len(piece) > 0 {
			if _, err := f.Write(piece); err != nil {
				return err
			}
		}
		if err != bufio.ErrBufferFull {
			return err
		}
	}
}

// bccFields are those that are for the sender's eyes alone (RFC 5322 3.6.3).
var bccFields = [...]string{"Bcc", "Resent-Bcc"}

// addressFields are those whose addresses are qualified.
var addressFields = [...]string{
	"From", "Sender", "Reply-To", "To", "Cc",
	"Resent-From", "Resent-Sender", "Resent-Reply-To", "Resent-To", "Resent-Cc",
}

// edit is the Edit of one field.
func (c *Conversion) edit(f Field) ([]byte, error) {
	for _, name := range [...]string{"Date", "From", "To", "Cc", "Bcc", "Message-ID"} {
		if f.Is(name) {
			c.has[name] = true
		}
	}
	switch {
	case slices.ContainsFunc(bccFields[:], f.Is):
		return nil, nil
	case c.Address != nil && slices.ContainsFunc(addressFields[:], f.Is):
		return editAddresses(f.Text, c.Address), nil
	}
	return f.Text, nil
}

// missing is the fields that are not there.
func (c *Conversion) missing() []byte {
	var b []byte
	if !c.has["Date"] {
		date := c.received
		if date.IsZero() {
			date = c.Now
		}
		b = append(b, "Date: "+Date(date)+"\n"...)
	}
	if !c.has["From"] {
		b = append(b, "From: "+c.From()+"\n"...)
	}
	if !c.has["To"] && !c.has["Cc"] {
		b = c.appendTo(b)
	}
	if !c.has["Message-ID"] {
		b = append(b, "Message-ID: "+c.ID+"\n"...)
	}
	return b
}

// appendTo appends To, an address a line.
func (c *Conversion) appendTo(b []byte) []byte {
	if c.has["Bcc"] || len(c.To) == 0 {
		return append(b, "To: undisclosed-recipients:;\n"...)
	}
	b = append(b, "To: "...)
	for i, address := range c.To {
		if i > 0 {
			b = append(b, ",\n\t"...)
		}
		b = append(b, address...)
	}
	return append(b, '\n')
}
