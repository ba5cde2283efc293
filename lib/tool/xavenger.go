package tool

import (
	"strings"

	"postern/lib/place"
	"postern/lib/record"
)

// PrependXAvenger is the action that puts a field X-Avenger with what r tells in
// front of a message, "" when r tells nothing. An action is one line.
func PrependXAvenger(r *record.Record) string {
	if len(r.AppendXAvenger(nil)) == 0 {
		return ""
	}
	full := r.Clone()
	full.Set("version", place.Version())
	text := string(full.AppendXAvenger(nil))
	return "PREPEND " + record.XAvengerName + ": " + strings.ReplaceAll(text, "\n\t", " ")
}
