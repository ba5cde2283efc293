package mx_test

import (
	"testing"

	"postern/lib/mx"
)

// One domain with one host, as the DNS costs nothing.
func BenchmarkLookup(b *testing.B) {
	r := resolver(b, signedZone)
	for _, bench := range []struct {
		name    string
		options mx.Options
	}{{"interfaces", mx.Options{}}, {"local", mx.Options{Local: true}}} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := mx.Lookup(ctx, r, "good.signed", bench.options); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
