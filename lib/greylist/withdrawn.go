package greylist

// withdrawals are where the last withdrawal of each subject begins.
type withdrawals struct {
	head // which lengths of prefixes there are
	last map[key]int64
}

func (w *withdrawals) add(e *Entry, at int64) {
	w.note(e)
	w.last[e.key()] = at
}

// back says whether a later withdrawal takes back all of an entry.
func (w *withdrawals) back(f *found) (yes bool) {
	later := func(k key) {
		at, ok := w.last[k]
		yes = yes || ok && at > f.at
	}
	if f.Kind != Net {
		f.eachAbove(later)
		return yes
	}
	w.nets(f.Net.Addr(), func(k key) error {
		if k.bits() <= f.Net.Bits() {
			later(k)
		}
		return nil
	})
	return yes
}

// bits is the length of the prefix of a network's key.
func (k key) bits() int { return int(k[1]) }

// eachAbove calls f with the keys of a subject that is no network, and of those
// that have all of it within: a domain above, all of a domain, all of a user.
func (e *Entry) eachAbove(f func(key)) {
	f(e.key())
	for i, c := range []byte(e.Word) {
		if c == '.' || c == '@' {
			f(wordKey(e.Kind, e.Word[i:]))
		}
	}
	if user, domain := cutAddress(e.Word); domain != "" {
		f(wordKey(e.Kind, user+"@"))
	}
}
