package greylist

import (
	"net/netip"
	"strings"
)

// A key is what the index keeps an entry under: its kind, and its network or
// word.
type key string

func (e *Entry) key() key {
	if e.Kind == Net {
		return netKey(e.Net)
	}
	return wordKey(e.Kind, e.Word)
}

func netKey(p netip.Prefix) key {
	return key(append([]byte{byte(Net), byte(p.Bits())}, p.Addr().AsSlice()...))
}

func wordKey(k Kind, word string) key { return key(append([]byte{byte(k)}, word...)) }

// wanted is what a query looks for on the whitelist.
type wanted struct {
	addr  netip.Addr
	words [kinds][]string
}

// maxLabels is how many domains above a client's name are looked for.
const maxLabels = 10

func newWanted(q *Query) *wanted {
	w := &wanted{addr: plain(q.Remote)}
	name := strings.ToLower(strings.TrimSuffix(q.Name, "."))
	for n := 0; name != "" && n < maxLabels; n++ {
		w.words[Host] = append(w.words[Host], "."+name)
		_, name, _ = strings.Cut(name, ".")
	}
	if q.SPF != "" {
		w.words[Domain] = []string{strings.ToLower(q.SPF)}
	}
	w.words[Sender] = addressWords(q.Sender)
	w.words[Recipient] = addressWords(q.Recipient)
	if len(w.words[Recipient]) > 0 {
		user, _ := cutAddress(q.Recipient)
		w.words[Recipient] = append(w.words[Recipient], strings.ToLower(user)+"@")
	}
	return w
}

// addressWords are the words under which an address may stand.
func addressWords(address string) []string {
	user, domain := cutAddress(address)
	if user == "" || domain == "" {
		return nil
	}
	address = strings.ToLower(address)
	return []string{address, address[len(user):]}
}

func cutAddress(address string) (user, domain string) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], address[at+1:]
}

// has says whether the query looks for an entry.
func (w *wanted) has(e *Entry) bool {
	if e.Kind == Net {
		return e.Net.Contains(w.addr)
	}
	for _, word := range w.words[e.Kind] {
		if word == e.Word {
			return true
		}
	}
	return false
}

// A verdict is the last line of each kind that a query looks for.
type verdict struct {
	last [kinds]found
}

// found is an entry and where it begins in the text.
type found struct {
	Entry
	at int64
	ok bool
}

func (v *verdict) add(e Entry, at int64) {
	if f := &v.last[e.Kind]; !f.ok || at >= f.at {
		*f = found{e, at, true}
	}
}

// entry is one that lets the client pass.
func (v *verdict) entry() (Entry, bool) {
	for i := range v.last {
		if f := &v.last[i]; f.ok && !f.Withdrawn {
			return f.Entry, true
		}
	}
	return Entry{}, false
}
