package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// FuzzReplies: the replies in a stream are the same in whatever pieces it comes,
// and what is read of one is read again when it is written.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("220 mx ESMTP\r\n250-mx\r\n250-SIZE 1\r\n250 2.0.0 x\r\n550 5.1.1 no\r\n"), uint16(1), uint16(9))
	f.Add([]byte("250-a\r\n251 b\r\n"), uint16(3), uint16(1))
	f.Add([]byte("250 a\n421\r\n354 \x00\r\n"), uint16(2), uint16(2))
	f.Add([]byte("250-"+strings.Repeat("x", maxServerLine)+"\r\n250 y"), uint16(1000), uint16(1))
	f.Fuzz(func(t *testing.T, in []byte, a, b uint16) {
		whole, err := allReplies(bytes.NewReader(in))
		parts, partsErr := allReplies(pieces(in, int(a), int(b)))
		if got, want := fmt.Sprintf("%q %v", parts, partsErr), fmt.Sprintf("%q %v", whole, err); got != want {
			t.Errorf("%q in pieces of %d and %d: %s, whole %s", in, a, b, got, want)
		}
		if err != io.EOF && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrReply) {
			t.Errorf("%q: %v", in, err)
		}
		for _, r := range whole {
			wire := r.Append(nil, true)
			again, err := allReplies(bytes.NewReader(wire))
			if err != io.EOF || len(again) != 1 || again[0].Code != r.Code {
				t.Errorf("%q is written as %q, read as %q, %v", r, wire, again, err)
			}
		}
	})
}

func allReplies(in io.Reader) (list []Reply, err error) {
	r := NewReplyReader(in)
	for {
		reply, err := r.Read()
		if err != nil {
			return list, err
		}
		list = append(list, reply)
	}
}
