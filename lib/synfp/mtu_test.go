package synfp

import (
	"strings"
	"testing"
)

// TestMTU: what is refused changes nothing.
func TestMTU(t *testing.T) {
	for text, want := range map[string]string{
		"0": "", "68": "", "1500": "", "65535": "",
		"67": "67: an MTU is 68 to 65535, or 0 for none", "65536": "not in 0 to 65535", "-1": "not in", "x": "not a number", "": "not a number",
	} {
		n := UsualMTU
		err := MTU(&n).Set([]string{text})
		if (err == nil) != (want == "") || err != nil && (n != UsualMTU || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %d, %v, want %q", text, n, err, want)
		}
	}
}
