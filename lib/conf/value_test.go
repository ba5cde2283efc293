package conf

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	tests := []struct {
		in   string
		want int64
		show string
		err  string
	}{
		{"0", 0, "0", ""}, {"1048576", 1 << 20, "1M", ""}, {"10M", 10 << 20, "10M", ""}, {"3k", 3 << 10, "3K", ""},
		{"2G", 2 << 30, "2G", ""}, {"1025", 1025, "1025", ""},
		{"9223372036854775807", math.MaxInt64, "9223372036854775807", ""},
		{"9223372036854775808", 0, "", "too large"}, {"8589934592G", 0, "", "too large"},
		{"", 0, "", "not a size"}, {"-1", 0, "", "not a size"}, {"M", 0, "", "not a size"}, {"1T", 0, "", "not a size"}, {"1_0", 0, "", "not a size"},
	}
	for _, tt := range tests {
		got, err := ParseSize(tt.in)
		if got != tt.want || !strings.Contains(errText(err), tt.err) || (err == nil) != (tt.err == "") {
			t.Errorf("ParseSize(%q) = %d, %v; want %d, %q", tt.in, got, err, tt.want, tt.err)
		}
		if err == nil && showSize(got) != tt.show {
			t.Errorf("%d is shown as %q, want %q", got, showSize(got), tt.show)
		}
	}
}

func TestParseDuration(t *testing.T) {
	tests := []struct {
		in   string
		want time.Duration
		show string
	}{
		{"300", 5 * time.Minute, "5m"}, {"5m", 5 * time.Minute, "5m"}, {"1h30m", 90 * time.Minute, "1h30m"},
		{"1h", time.Hour, "1h"}, {"90", 90 * time.Second, "1m30s"}, {"0", 0, "0s"}, {"500ms", 500 * time.Millisecond, "500ms"},
	}
	for _, tt := range tests {
		got, err := ParseDuration(tt.in)
		if got != tt.want || err != nil || showDuration(got) != tt.show {
			t.Errorf("ParseDuration(%q) = %v (%q), %v; want %v (%q)", tt.in, got, showDuration(got), err, tt.want, tt.show)
		}
	}
	for _, in := range []string{"", "-1", "-5m", "soon", "5 m", "99999999999999999999"} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", in, got)
		}
	}
}

func TestParseNet(t *testing.T) {
	tests := []struct{ in, want string }{
		{"192.0.2.0/24", "192.0.2.0/24"}, {"192.0.2.77/24", "192.0.2.0/24"}, {"192.0.2.7", "192.0.2.7/32"},
		{"192.0.2", "192.0.2.0/24"}, {"10.1", "10.1.0.0/16"}, {"10.0/8", "10.0.0.0/8"}, {"0.0.0.0/0", "0.0.0.0/0"},
		{"2001:db8::/32", "2001:db8::/32"}, {"::1", "::1/128"}, {"::ffff:192.0.2.7", "192.0.2.7/32"}, {"::ffff:192.0.2.0/120", "192.0.2.0/24"},
		{"::ffff:0:0/96", "0.0.0.0/0"}, {"::ffff:0:0/95", "::fffe:0:0/95"},
	}
	for _, tt := range tests {
		if got, err := ParseNet(tt.in); got.String() != tt.want || err != nil {
			t.Errorf("ParseNet(%q) = %v, %v; want %s", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "10", "10.", ".1", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/+4", "::/129", "fe80::1%eth0", "a.b", "::ffff:10.1", "1.2.3.4.5", "192.0.2.0/24/1"} {
		if got, err := ParseNet(in); err == nil || got != (netip.Prefix{}) {
			t.Errorf("ParseNet(%q) = %v, %v; want an error", in, got, err)
		}
	}
}

func TestBoolWords(t *testing.T) {
	for text, want := range map[string]bool{"1": true, "ON": true, "yes": true, "True": true, "0": false, "off": false, "No": false, "false": false} {
		got := !want
		if err := Bool(&got).Set([]string{text}); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	var got bool
	if err := Bool(&got).Set(nil); err != nil || !got {
		t.Errorf("no argument is %v, %v; want true", got, err)
	}
}

func TestIntSpan(t *testing.T) {
	n := 3
	for in, want := range map[string]string{
		"x": `"x" is not a number`, "1": "1 is not in 2 and above", "99999999999999999999": "99999999999999999999 is not in 2 and above",
	} {
		if got := errText(Int(&n, 2, math.MaxInt).Set([]string{in})); got != want || n != 3 {
			t.Errorf("%q: %q and %d, want %q and 3", in, got, n, want)
		}
	}
}

// FuzzValues: what a value shows is read as the same value.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"10M", "8796093022207g", "0k", "1h30m", "5m", "90", "0.5ms", "10.1", "192.0.2.1/24", "::ffff:10.0.0.0/95", "2001:db8::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ParseSize(s); err == nil {
			if again, err := ParseSize(showSize(n)); again != n || n < 0 || err != nil {
				t.Errorf("size %q is %d, shown as %s: %d, %v", s, n, showSize(n), again, err)
			}
		}
		if d, err := ParseDuration(s); err == nil {
			if again, err := ParseDuration(showDuration(d)); again != d || d < 0 || err != nil {
				t.Errorf("time %q is %v, shown as %s: %v, %v", s, d, showDuration(d), again, err)
			}
		}
		if net, err := ParseNet(s); err == nil {
			if again, err := ParseNet(net.String()); again != net || net != net.Masked() || net.Addr().Is4In6() || err != nil {
				t.Errorf("network %q is %v: %v, %v", s, net, again, err)
			}
		}
	})
}
