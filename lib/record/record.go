// Package record is the session record: what is known about a client, a
// session and a message, as a list of named attributes. One vocabulary serves
// the log, the pipes between the tools, Postfix's policy protocol, the
// environment of scripts and the X-Avenger header field; see record(7).
package record

import (
	"iter"
	"slices"
	"strconv"
)

// Bounds of a record that is read; nothing that the programs write comes near.
const (
	MaxAttributes = 256       // attributes in one record
	MaxName       = 64        // octets in the name of an attribute
	MaxSize       = 256 << 10 // octets in one line or block
)

// Record is a list of attributes, in the order in which they were first set.
// An absent attribute and an empty one are different things. The zero value is
// an empty record. A record may be copied by Clone, not by assignment.
type Record struct {
	attrs []attr
}

type attr struct{ name, value string }

// usual is the number of attributes for which a record has room at once: what
// a session says of itself. Growing to it would leave memory behind.
const usual = 16

// Of is a record of names and values in turn.
func Of(pairs ...string) Record {
	var r Record
	for i := 0; i+1 < len(pairs); i += 2 {
		r.Set(pairs[i], pairs[i+1])
	}
	return r
}

// Set gives the attribute a value; a value that it had is replaced in its
// place. A name that ValidName refuses is not set.
func (r *Record) Set(name, value string) {
	if i := r.index(name); i >= 0 {
		r.attrs[i].value = value
		return
	}
	if ValidName(name) {
		if r.attrs == nil {
			r.attrs = make([]attr, 0, usual)
		}
		r.attrs = append(r.attrs, attr{name, value})
	}
}

// SetInt sets the attribute to a number in decimal.
func (r *Record) SetInt(name string, n int64) {
	r.Set(name, strconv.FormatInt(n, 10))
}

// Lookup returns the value of the attribute and whether it is there.
func (r *Record) Lookup(name string) (value string, ok bool) {
	if i := r.index(name); i >= 0 {
		return r.attrs[i].value, true
	}
	return "", false
}

// Value returns the value of the attribute, "" when it is absent.
func (r *Record) Value(name string) string {
	value, _ := r.Lookup(name)
	return value
}

// Delete takes the attribute out.
func (r *Record) Delete(name string) {
	if i := r.index(name); i >= 0 {
		r.attrs = slices.Delete(r.attrs, i, i+1)
	}
}

// Reset takes all attributes out, and keeps the room that they had.
func (r *Record) Reset() { r.attrs = r.attrs[:0] }

// Len returns the number of attributes.
func (r *Record) Len() int { return len(r.attrs) }

// All yields each attribute's name and value in order.
func (r *Record) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, a := range r.attrs {
			if !yield(a.name, a.value) {
				return
			}
		}
	}
}

// Merge sets every attribute of other.
func (r *Record) Merge(other *Record) {
	for _, a := range other.attrs {
		r.Set(a.name, a.value)
	}
}

// Clone returns a copy that shares nothing with r.
func (r *Record) Clone() Record {
	return Record{attrs: slices.Clone(r.attrs)}
}

func (r *Record) index(name string) int {
	for i := range r.attrs {
		if r.attrs[i].name == name {
			return i
		}
	}
	return -1
}

// ValidName reports whether s may name an attribute: letters, digits, "_", "-"
// and ".", at most MaxName octets. Such a name stands unquoted in every form.
func ValidName[T string | []byte](s T) bool {
	if len(s) == 0 || len(s) > MaxName {
		return false
	}
	for i := range len(s) {
		if !nameOctet(s[i]) {
			return false
		}
	}
	return true
}

func nameOctet(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '-' || c == '.'
}
