package tool

import (
	"strings"

	"postern/lib/maillog"
)

// logged is standard error of a policy server: each line goes to the log. Below
// spawn(8) standard error is the connection to Postfix, which would take a trace
// or a warning for an answer.
type logged struct{ log *maillog.Logger }

func (l logged) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		l.log.Log(maillog.Info, strings.TrimSuffix(line, "\n"))
	}
	return len(text), nil
}
