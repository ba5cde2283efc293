package main

import (
	"io"
	"slices"
	"strings"

	"postern/lib/greylist"
)

// readCIDR reads a cidr_table(5) of Postfix, of which the first line that has
// an address counts; on the whitelist the last one does. OK and PERMIT put a
// network there, all else keeps off it what is within such a network.
func readCIDR(im *importer, r io.Reader) error {
	begin, within := len(im.entries), 0
	err := im.eachLine(r, func(line string) {
		words := strings.Fields(line)
		switch {
		case line[0] == ' ' || line[0] == '\t':
			// The rest of the action above, which is not looked at.
		case strings.EqualFold(words[0], "if"):
			within++
		case within > 0 && strings.EqualFold(words[0], "endif"):
			within--
		case within > 0:
			im.leave("within a condition")
		case len(words) < 2 || strings.HasPrefix(words[0], "!"):
			im.leave("not understood")
		default:
			e, err := exactNet(words[0])
			e.Withdrawn = !permits(words[1])
			im.add(e, err)
		}
	})
	im.entries = append(im.entries[:begin], lastFirst(im.entries[begin:])...)
	return err
}

// lastFirst is a table in the order of a whitelist. What nothing below it would
// let pass is left out: it would take back what is on the whitelist already.
func lastFirst(table []greylist.Entry) (list []greylist.Entry) {
	var permitted []greylist.Entry
	for _, e := range slices.Backward(table) {
		overlaps := func(p greylist.Entry) bool { return p.Net.Overlaps(e.Net) }
		if !e.Withdrawn {
			permitted = append(permitted, e)
		} else if !slices.ContainsFunc(permitted, overlaps) {
			continue
		}
		list = append(list, e)
	}
	return list
}

func permits(action string) bool {
	return strings.EqualFold(action, "OK") || strings.EqualFold(action, "PERMIT")
}
