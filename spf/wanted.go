package main

import (
	"fmt"
	"slices"
	"strings"

	"postern/lib/spf"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// wanted are the results that a script asks for with --is; nil when it does not.
type wanted []spf.Code

// isNot is the exit status for another result, as grep(1) and match have it.
const isNot = 1

// parseWanted reads names of results with commas between them; those that Mail
// Avenger gave to errors will do.
func parseWanted(text string) (w wanted, err error) {
	for name := range strings.SplitSeq(text, ",") {
		code, ok := spf.ParseCode(name)
		if !ok {
			return nil, &tool.UsageError{Err: fmt.Errorf("--is: %q is no result of SPF", name)}
		}
		w = append(w, code)
	}
	return w, nil
}

// status says whether a result is wanted, or that it cannot be found out now.
func (w wanted) status(c spf.Code) int {
	switch {
	case slices.Contains(w, c):
		return sysexits.OK
	case c == spf.TempError:
		return sysexits.TempFail
	}
	return isNot
}
