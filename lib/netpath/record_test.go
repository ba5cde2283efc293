package netpath

import (
	"testing"

	"postern/lib/record"
)

func TestRecord(t *testing.T) {
	for _, tt := range []struct {
		line string
		n    int
		want string
	}{
		{sample, 0, `network_hops=4 network_path="10.0.0.1 * 192.0.2.1" network_path_time=1763700000`},
		{sample, 2, `network_hops=4 network_path="10.0.0.1 *" network_path_time=1763700000`},
		{sample, -2, `network_hops=4 network_path=192.0.2.1 network_path_time=1763700000`},
		{sample, -1, `network_hops=4 network_path_time=1763700000`},
		{"192.0.2.7 udp/1 5.000000 1 1 reached 1/1:192.0.2.7/1/3.3", 0, `network_hops=1 network_path_time=5`},
		{"192.0.2.7 udp/1 5.000000 1 1 silent 1/1:10.0.0.1/1/11.0", -1, `network_path=10.0.0.1 network_path_time=5`},
		{"192.0.2.7 udp/1 5.000000 1 1 silent", 0, `network_path_time=5`},
	} {
		p, err := Parse(tt.line)
		if err != nil {
			t.Fatal(err)
		}
		var r record.Record
		if p.Record(&r, tt.n); r.String() != tt.want {
			t.Errorf("%s, %d: got %s, want %s", tt.line, tt.n, r.String(), tt.want)
		}
	}
	var r record.Record
	if new(Path).Record(&r, 0); r.Len() != 0 {
		t.Errorf("nothing measured: %s", r.String())
	}
}
