package dns

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseResolv(t *testing.T) {
	const text = `# comment
nameserver 192.0.2.1
nameserver 2001:db8::1
nameserver fe80::1%eth0
nameserver nonsense
nameserver 192.0.2.1
search example
options timeout:3 attempts:4 rotate trust-ad
options use-vc ndots:1 timeout:x
`
	c := parseResolv(text)
	got := fmt.Sprint(c.Servers, c.Try, c.Rounds, c.Trust, c.TCP)
	want := "[192.0.2.1:53 [2001:db8::1]:53 [fe80::1%eth0]:53] 3s 4 true true"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c = parseResolv("").withDefaults()
	if got, want := fmt.Sprint(c.Servers, c.Try, c.Rounds), "[127.0.0.1:53] 2s 2"; got != want {
		t.Errorf("of nothing: %s, want %s", got, want)
	}
	many := parseResolv(strings.Repeat("nameserver 192.0.2.1\n", 5) + manyServers(50))
	if len(many.Servers) != maxServers {
		t.Errorf("%d servers, want %d", len(many.Servers), maxServers)
	}
}

func manyServers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "nameserver 192.0.2.%d\n", i)
	}
	return b.String()
}
