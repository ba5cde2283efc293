package deliver

import (
	"strings"
	"testing"
)

// An alias may lead to an address in UTF-8, for which the message then needs
// SMTPUTF8, whatever its sender has said.
func TestAliasInUTF8(t *testing.T) {
	in := newInstance(t)
	in.aliases("u: j\u00fcrgen@remote.example\na: x@remote.example\n")
	d := in.deliverer()
	for rcpt, want := range map[string]bool{"u@mx.example": true, "a@mx.example": false} {
		where, err := in.send(d, envelope(rcpt), text, 5)
		if err != nil {
			t.Fatal(err)
		}
		q, err := d.Queue()
		if err != nil {
			t.Fatal(err)
		}
		e, err := q.Get(strings.TrimPrefix(where, "queue "))
		if err != nil {
			t.Fatal(err)
		}
		if e.Envelope.SMTPUTF8 != want {
			t.Errorf("%s: SMTPUTF8 is %v", rcpt, e.Envelope.SMTPUTF8)
		}
		e.Close()
	}
}
