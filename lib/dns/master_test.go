package dns

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"
)

const masterText = `; comments ( and " quotes are nothing
$TTL 1h30m
$ORIGIN Example.
@ IN SOA ns root ( 2026112101 ; serial
	1d 2h 4w 300 )
	NS ns
ns 60 IN A 192.0.2.1
	IN 60 AAAA 2001:DB8::1
relative MX 10 @
	MX 20 mx.other.
txt TXT "a;b (c) \"d\"" plain \065\000 ""
a\.b\"c CNAME odd\@name
_25._tcp TLSA 3 1 1 ( ABCDEF01
	23456789 )
srv SRV 1 2 25 ns
caa CAA 0 issue "ca.example; x=1"
caa CAA 0 "a b" a\010b
ds DS 12345 8 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF
odd TYPE65280 \# 3 01 02 03
old HINFO "a" "b"
$ORIGIN sub
here A 192.0.2.2
`

// ours is each record of the text as we read it.
func ours(text string) (list []string, err error) {
	err = parseMaster(text, "z", func(r Record) {
		list = append(list, fmt.Sprintf("%s %v %v %s", r.Name, r.TTL, r.Type, r.Data))
	})
	return list, err
}

func TestMaster(t *testing.T) {
	got, err := ours(masterText)
	if err != nil {
		t.Fatal(err)
	}
	want := `example 1h30m0s SOA ns.Example. root.Example. 2026112101 86400 7200 2419200 300
example 1h30m0s NS ns.Example.
ns.example 1m0s A 192.0.2.1
ns.example 1m0s AAAA 2001:db8::1
relative.example 1h30m0s MX 10 Example.
relative.example 1h30m0s MX 20 mx.other.
txt.example 1h30m0s TXT "a;b (c) \"d\"" "plain" "A\000" ""
a\.b\"c.example 1h30m0s CNAME odd\@name.Example.
_25._tcp.example 1h30m0s TLSA 3 1 1 abcdef0123456789
srv.example 1h30m0s SRV 1 2 25 ns.Example.
caa.example 1h30m0s CAA 0 issue "ca.example; x=1"
caa.example 1h30m0s CAA 0 a\ b "a\010b"
ds.example 1h30m0s DS 12345 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
odd.example 1h30m0s TYPE65280 \# 3 010203
here.sub.example 1h30m0s A 192.0.2.2`
	if got := strings.Join(got, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Whatever both read, we read as miekg/dns does. Where no TTL stands it has the
// last that stood somewhere, and we that of $TTL.
func FuzzMaster(f *testing.F) {
	f.Add(masterText)
	f.Add("a.example. 60 IN TXT x\n")
	f.Add("$ORIGIN a.\n@ A 192.0.2.1\n\tAAAA ::1 ; x\n")
	f.Add("0(0 NS O)")
	f.Add(`0 TXT \800`)
	// miekg/dns goes on with a word behind a parenthesis or a CR, which end it
	// (RFC 1035 5.1), or behind a blank that a backslash stands before; takes
	// eight bits of an escape above 255; and miscounts backslashes behind
	// characters of several octets.
	odd := regexp.MustCompile(`[^ \t\n()][()]|\r|\\[ \t()]|\\(2(5[6-9]|[6-9]\d)|[3-9]\d\d)|[^\x00-\x7f]`)
	f.Fuzz(func(t *testing.T, text string) {
		var got, want []string
		err := parseMaster(text, "z", func(r Record) { got = append(got, fmt.Sprintf("%s %v %s", r.Name, r.Type, r.Data)) })
		if err != nil || odd.MatchString(text) {
			return
		}
		p := mdns.NewZoneParser(strings.NewReader(text), ".", "z")
		p.SetDefaultTTL(zoneTTL)
		for rr, ok := p.Next(); ok; rr, ok = p.Next() {
			h := rr.Header()
			kind := Type(h.Rrtype)
			if strings.HasPrefix(kind.String(), "TYPE") && h.Rrtype != 65280 {
				return // passed over
			}
			want = append(want, fmt.Sprintf("%s %v %s", strings.TrimSuffix(h.Name, "."), kind, data(rr)))
		}
		if p.Err() != nil || len(got) != len(want) {
			return // one of us is stricter
		}
		for i := range got {
			if !strings.EqualFold(Unescape(got[i]), Unescape(want[i])) {
				t.Fatalf("%q, want %q", got[i], want[i])
			}
		}
	})
}
