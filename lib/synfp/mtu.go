package synfp

import (
	"fmt"

	"postern/lib/conf"
)

// UsualMTU is the MTU of Ethernet, which most hosts have behind whatever their
// packets passed.
const UsualMTU = 1500

// What an MTU may be (RFC 791 3.2).
const leastMTU, mostMTU = 68, 65535

// MTU is the value of the directive SynOsMTU: octets, or 0 for none.
func MTU(p *int) conf.Value {
	v, before := conf.Int(p, 0, mostMTU), *p
	set := v.Set
	v.Set = func(args []string) error {
		err := set(args)
		if n := *p; err == nil && n != 0 && n < leastMTU {
			*p, err = before, fmt.Errorf("%d: an MTU is %d to %d, or 0 for none", n, leastMTU, mostMTU)
		}
		return err
	}
	return v
}
