package rbl

import (
	"strings"
	"time"

	"postern/lib/conf"
)

// Directive is the value of the directive RBL, which may be repeated: its
// arguments are those of Parse. The keys of customers are not shown.
func Directive(lists *[]List) conf.Value {
	return conf.Value{
		Set: func(args []string) error {
			l, err := Parse(args)
			if err == nil {
				*lists = append(*lists, l)
			}
			return err
		},
		Show: func() (lines [][]string) {
			for i := range *lists {
				lines = append(lines, strings.Fields((*lists)[i].String()))
			}
			return lines
		},
		Reset: func() { *lists = nil },
	}
}

// maxLimit bounds Limit.
const maxLimit = 20 * time.Second

// LimitDirective is the value of the directive RBLTimeout: how long all lists
// together may take to answer.
func LimitDirective(p *time.Duration) conf.Value { return conf.DurationUpTo(p, maxLimit) }
