package maillog

import (
	"fmt"
	"strings"
)

// Priority is a level of syslog, RFC 5424 section 6.2.1.
type Priority int

// The priorities, worst first.
const (
	Emerg Priority = iota
	Alert
	Crit
	Err
	Warning
	Notice
	Info
	Debug
)

// levels are the names of the priorities, in their order.
const levels = "emerg alert crit err warning notice info debug"

// facilities are the names of syslog's facilities, from 0; "-" has none.
const facilities = "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp - - - - " +
	"local0 local1 local2 local3 local4 local5 local6 local7"

// String is the priority's name in syslog.conf(5): "warning".
func (p Priority) String() string {
	names := strings.Fields(levels)
	return names[min(max(int(p), 0), len(names)-1)]
}

// index finds a word in a list, -1 when it is not there.
func index(list, word string) int {
	i := 0
	for w := range strings.FieldsSeq(list) {
		if strings.EqualFold(w, word) && w != "-" {
			return i
		}
		i++
	}
	return -1
}

// parseLevel finds a level by its name or one of its old names.
func parseLevel(word string) (Priority, bool) {
	switch strings.ToLower(word) {
	case "panic":
		return Emerg, true
	case "error":
		return Err, true
	case "warn":
		return Warning, true
	}
	i := index(levels, word)
	return Priority(i), i >= 0
}

// ParsePriority takes "mail.info" apart, either half of which may be missing
// ("mail", ".info"), and complains of unknown words.
func ParsePriority(s string) (facility, level string, err error) {
	facility, level, _ = strings.Cut(s, ".")
	if facility != "" && index(facilities, facility) < 0 {
		return "", "", fmt.Errorf("unknown syslog facility %q", facility)
	}
	if _, ok := parseLevel(level); level != "" && !ok {
		return "", "", fmt.Errorf("unknown syslog level %q (one of %s)", level, levels)
	}
	return facility, level, nil
}
