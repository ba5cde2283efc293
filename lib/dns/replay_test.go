package dns

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// FuzzReplay: whatever a server answers, what is recorded of it answers in its
// place, in the same words.
func FuzzReplay(f *testing.F) {
	empty := []byte("\x00\x01\x81\x00\x00\x01\x00\x02\x00\x00\x00\x00\x02mx\aexample\x00\x004\x00\x01\xc0\f\x004\x00\x01\x00\x00\x00\t\x00\x03\x03\x01\x01\xc0\f\x00\x10\x00\x01\x00\x00\x00\t\x00\x00") // TLSA 3 1 1 and TXT, no more
	f.Add(packed(f, `mx.example. 60 IN TXT "a\"b\\c\255\000" "" "d e"`, `mx.example. 60 IN MX 10 mx.example.`), byte(0))
	f.Add(packed(f, `mx.example. 60 IN CNAME $origin.`, `$origin. 60 IN A 192.0.2.1`), byte(1))
	f.Add(packed(f, `mx.example. 60 IN CNAME a\ b\;\010\(.`, `a\ b\;\010\(. 0 IN MX 0 .`), byte(2))
	f.Add(packed(f, `mx.example. 60 IN CNAME mx.example.`), byte(3))
	f.Add(packed(f, `mx.example. 60 IN CNAME .`), byte(5))
	f.Add(empty, byte(0))
	f.Add(empty, byte(4))
	f.Add(packed(f, `mx.example. 4294967295 IN TLSA 3 1 1 00`), byte(4))
	f.Fuzz(func(t *testing.T, raw []byte, kind byte) {
		types := [...]Type{TypeTXT, TypeA, TypeMX, TypeCNAME, TypeTLSA, TypeAAAA, TypePTR}
		k := key{"mx.example", types[int(kind)%len(types)]}
		m, err := parseMessage(raw)
		if err != nil {
			return
		}
		var file strings.Builder
		r := NewRecorder(lookups{query: func(context.Context, string, Type) (Answer, error) {
			return read(&m, k, kind >= 128)
		}}, &file)
		want := replayed(r, k)
		zone, err := Zone(strings.NewReader(file.String()), "recording")
		if err != nil {
			t.Fatalf("%v in %q", err, file.String())
		}
		if got := replayed(zone, k); got != want {
			t.Errorf("recorded %q: got %s, want %s", file.String(), got, want)
		}
	})
}

// replayed is all that there is of an answer but its time to live.
func replayed(r Resolver, k key) string {
	a, err := r.Query(context.Background(), k.name, k.t)
	var list []string
	for _, r := range a.Records {
		list = append(list, fmt.Sprintf("%s %v %s", r.Name, r.Type, r.Data))
	}
	slices.Sort(list)
	return fmt.Sprintf("%q %q %v %v", a.Name, slices.Compact(list), a.Authentic, err)
}
