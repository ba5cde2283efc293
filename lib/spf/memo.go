package spf

import (
	"sync"

	"postern/lib/dns"
)

// Bounds of the memo: records that are kept, and how long one may be.
const (
	maxMemo     = 2048
	maxMemoText = 2048
)

// memo keeps what came of reading TXT records, by their data, so that each is read
// once. How long a domain has the same record is the resolver's business.
type memo struct {
	mu   sync.RWMutex
	read map[string]*reading
}

// reading is what a TXT record turned out to be: an SPF record or not, valid or
// not.
type reading struct {
	isSPF  bool
	record *Record
	err    error
	data   string
}

func (m *memo) reading(data string) *reading {
	m.mu.RLock()
	r := m.read[data]
	m.mu.RUnlock()
	if r == nil {
		r = readTXT(data)
		m.keep(r)
	}
	return r
}

// keep makes room, when there is none, by forgetting everything: it is soon
// read again.
func (m *memo) keep(r *reading) {
	if len(r.data) > maxMemoText {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.read == nil || len(m.read) >= maxMemo {
		m.read = make(map[string]*reading)
	}
	m.read[r.data] = r
}

func readTXT(data string) *reading {
	text := dns.Text(data)
	r := &reading{isSPF: isSPF(text), data: data}
	if r.isSPF {
		r.record, r.err = Parse(text)
	}
	return r
}
