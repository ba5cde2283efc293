package dns

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	maxHosts = 4 << 20 // octets of hosts(5) that are read
	hostsTTL = 5 * time.Second
)

// hosts is what hosts(5) says: answers by name and type.
type hosts map[key]Answer

// hostsFile is the text of hosts(5). It is made into a table only when a question
// may be one that it decides: hardly any is, and many a process asks just one.
type hostsFile struct {
	text  string // in lower case
	once  sync.Once
	table hosts
}

// shortHosts is how long, in octets, a text may be that is searched as it is for
// each question, instead of being made into a table.
const shortHosts = 4 << 10

// concern tells whether the file may decide a question.
func (f *hostsFile) concern(k key) bool {
	switch k.t {
	case TypePTR:
		return true
	case TypeA, TypeAAAA:
		return len(f.text) > shortHosts || strings.Contains(f.text, k.name)
	}
	return false
}

func (f *hostsFile) hosts() hosts {
	f.once.Do(func() { f.table = parseHosts(f.text) })
	return f.table
}

// find is hosts.find, once the file is read into a table.
func (f *hostsFile) find(k key) (a Answer, ok bool, err error) {
	if !f.concern(k) {
		return Answer{}, false, nil
	}
	return f.hosts().find(k)
}

// parseHosts never fails: like every reader of that file it passes over what
// it does not understand.
func parseHosts(text string) hosts {
	h := make(hosts)
	for line := range strings.SplitSeq(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		if addr, err := netip.ParseAddr(words[0]); err == nil && addr.Zone() == "" {
			h.add(addr.Unmap(), words[1:])
		}
	}
	return h
}

func (h hosts) add(addr netip.Addr, names []string) {
	t := TypeA
	if addr.Is6() {
		t = TypeAAAA
	}
	reverse := key{ReverseName(addr), TypePTR}
	for _, name := range names {
		if name = canonical(name); ValidName(name) {
			h.put(key{name, t}, addr.String())
			h.put(reverse, name+".")
		}
	}
}

func (h hosts) put(k key, data string) {
	a := h[k]
	r := Record{Name: k.name, Type: k.t, TTL: hostsTTL, Data: data}
	if !slices.Contains(a.Records, r) {
		a.Records = append(a.Records, r)
	}
	h[k] = Answer{Name: k.name, TTL: hostsTTL, Records: a.Records}
}

// find answers a question that the file decides; ok is false for any other.
// Where the file has an address of one family for a name, the answer about the
// other family is ErrNotFound.
func (h hosts) find(k key) (a Answer, ok bool, err error) {
	if a, ok := h[k]; ok {
		return a.clone(), true, nil
	}
	other := TypeA
	switch k.t {
	case TypeA:
		other = TypeAAAA
	case TypeAAAA:
	default:
		return Answer{}, false, nil
	}
	if _, ok := h[key{k.name, other}]; ok {
		return Answer{}, true, &Error{Name: printable(k.name), Type: k.t, Kind: ErrNotFound}
	}
	return Answer{}, false, nil
}
