package netpath

import (
	"strings"

	"postern/lib/record"
)

// Attributes are the names that Record sets.
func Attributes() []string { return []string{"network_hops", "network_path", "network_path_time"} }

// Record sets what the path says of the host, with the routers among the hops
// that Part gives for n. A path that was not measured says nothing.
func (p *Path) Record(r *record.Record, n int) {
	if p.Time.IsZero() {
		return
	}
	if d := p.Distance(); d > 0 {
		r.SetInt("network_hops", int64(d))
	}
	if routers := p.routers(n); routers != "" {
		r.Set("network_path", routers)
	}
	r.SetInt("network_path_time", p.Time.Unix())
}

// routers are the addresses of the hops of Part without the host.
func (p *Path) routers(n int) string {
	hops, first := p.Part(n)
	hops = hops[:max(min(len(hops), len(p.Routers())-first+1), 0)]
	list := make([]string, len(hops))
	for i, h := range hops {
		list[i] = h.String()
	}
	return strings.Join(list, " ")
}
