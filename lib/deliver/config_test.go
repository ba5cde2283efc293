package deliver

import (
	"testing"

	"postern/lib/conf"
)

// A name that no host can have is an error of the configuration, not of what is
// said to clients later.
func TestNames(t *testing.T) {
	for _, tt := range []struct {
		directive, value string
		ok               bool
	}{
		{"Hostname", "mx.example.org", true},
		{"Hostname", "my_host", true},
		{"Hostname", "[192.0.2.1]", true},
		{"Hostname", "bücher.example", true},
		{"Hostname", "a b", false},
		{"Hostname", "mx..example", false},
		{"Hostname", "*.example.org", false},
		{"Domains", "*.example.org", true},
		{"Domains", "example.org.", false},
		{"Domains", "*example.org", false},
		{"Domains", "http://example.org", false},
		{"Domains", "ann@example.org", false},
		{"Separator", "+-", true},
		{"Separator", "", true},
		{"Separator", "+@", false},
		{"Separator", "/", false},
		{"Separator", "\x7f", false},
		{"Separator", "\t", false},
	} {
		err := conf.NewTable(new(Config).Directives()).Flag("-x", tt.directive, tt.value)
		if (err == nil) != tt.ok {
			t.Errorf("%s %q: %v", tt.directive, tt.value, err)
		}
	}
}
