package main

import (
	"errors"
	"fmt"
	"strconv"

	"postern/lib/conf"
)

// rate is a leaky bucket of the directives: so many an hour, and at once. The
// zero rate is no limit.
type rate struct{ perHour, max float64 }

// value takes a rate an hour, and how much may come at once, which is the rate
// unless said.
func (r *rate) value() conf.Value {
	return conf.Value{
		Set: func(args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return errors.New("wants a number an hour, and how many may come at once")
			}
			var n [2]float64
			for i, arg := range args {
				var err error
				if n[i], err = strconv.ParseFloat(arg, 64); err != nil || !(n[i] >= 0 && n[i] <= 1e9) {
					return fmt.Errorf("%q is not a number from 0 to 1000000000", arg)
				}
			}
			*r = rate{n[0], n[0]}
			if len(args) == 2 {
				r.max = n[1]
			}
			return nil
		},
		Show: func() [][]string {
			return [][]string{{strconv.FormatFloat(r.perHour, 'f', -1, 64), strconv.FormatFloat(r.max, 'f', -1, 64)}}
		},
	}
}
