package greylist

import (
	"net/netip"
	"slices"
	"strings"

	"postern/lib/dns"
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
	query *Query
	addr  netip.Addr
	words [kinds][]string
	asked [kinds]bool
}

func newWanted(q *Query) *wanted { return &wanted{query: q, addr: plain(q.Remote)} }

// of are the words of a kind. They are put together when they are needed: for
// the client's name that may take a while.
func (w *wanted) of(k Kind) []string {
	if w.asked[k] {
		return w.words[k]
	}
	w.asked[k] = true
	switch k {
	case Host:
		w.words[k] = domainsOf(w.query.name())
	case Sender:
		w.words[k] = addressWords(w.query.Sender)
	case Domain:
		if w.query.SPF != "" {
			w.words[k] = []string{dns.FoldAddress(w.query.SPF)}
		}
	case Recipient:
		w.words[k] = addressWords(w.query.Recipient)
		if user, domain := cutAddress(w.query.Recipient); domain != "" {
			w.words[k] = append(w.words[k], dns.FoldAddress(user+"@"))
		}
	}
	return w.words[k]
}

// maxLabels is how many domains above a client's name are looked for.
const maxLabels = 10

// domainsOf are a name and the domains above it, each with a dot in front.
func domainsOf(name string) (list []string) {
	name = dns.FoldAddress(name)
	for n := 0; name != "" && n < maxLabels; n++ {
		list = append(list, "."+name)
		_, name, _ = strings.Cut(name, ".")
	}
	return list
}

// addressWords are the words under which an address may stand.
func addressWords(address string) []string {
	user, domain := cutAddress(address)
	if user == "" || domain == "" {
		return nil
	}
	return []string{dns.FoldAddress(address), dns.FoldAddress("@" + domain)}
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
	return slices.Contains(w.of(e.Kind), e.Word)
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
