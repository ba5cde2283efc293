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

// hostsFile is the text of hosts(5), which becomes a table when a question may
// concern it: hardly any does, and a process may have only one to ask.
type hostsFile struct {
	text  string // in lower case
	once  sync.Once
	table hosts
}

// shortHosts is how long a text may be that is looked through for each question.
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

// find answers a question that the file decides.
func (f *hostsFile) find(k key) (a Answer, err error, ok bool) {
	if !f.concern(k) {
		return Answer{}, nil, false
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

// find answers a question that the file decides. Where it has an address of
// one family for a name, it says that there is none of the other.
func (h hosts) find(k key) (a Answer, err error, ok bool) {
	if a, ok := h[k]; ok {
		return a.clone(), nil, true
	}
	other := TypeA
	switch k.t {
	case TypeA:
		other = TypeAAAA
	case TypeAAAA:
	default:
		return Answer{}, nil, false
	}
	if _, ok := h[key{k.name, other}]; ok {
		return Answer{}, &Error{Name: printable(k.name), Type: k.t, Kind: ErrNotFound}, true
	}
	return Answer{}, nil, false
}
