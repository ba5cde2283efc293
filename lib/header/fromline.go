package header

import (
	"bufio"
	"bytes"
	"strings"
	"time"
)

// maxFromLine bounds a "From " line that is looked at for its time.
const maxFromLine = 1000

// dropFromLines takes "From " lines off the front of a message, and the
// ">From " lines that each host on a way by UUCP pushed behind them, and gives
// the time of the first; zero when it has none.
func dropFromLines(in *bufio.Reader) (when time.Time) {
	for first := true; ; first = false {
		start, _ := in.Peek(maxFromLine)
		line := firstLine(start)
		if !isFromLine(line) {
			return when
		}
		if first {
			when = fromTime(string(line))
		}
		for {
			if _, err := in.ReadSlice('\n'); err != bufio.ErrBufferFull {
				break
			}
		}
	}
}

// isFromLine tells "From ann ..." from a field "From : ann" (RFC 5322 4.5).
func isFromLine(line []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimPrefix(line, []byte(">")), []byte("From "))
	rest = bytes.TrimLeft(rest, " \t")
	return ok && len(rest) > 0 && rest[0] != ':' && rest[0] != '\n'
}

// firstLine is the first line of b, as far as it is there.
func firstLine(b []byte) []byte {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1]
	}
	return b
}

// fromLayouts are the forms of time behind the sender in a "From " line.
var fromLayouts = [...]string{
	"Mon Jan 2 15:04:05 2006",
	"Mon Jan 2 15:04:05 -0700 2006",
	"Mon Jan 2 15:04:05 2006 -0700",
	"Mon Jan 2 15:04:05 MST 2006",
	"Mon Jan 2 15:04 2006",
}

// fromTime finds the time in a "From " line. A time without a zone is local.
// The sender may have blanks in it, so that the day is looked for.
func fromTime(line string) time.Time {
	words := strings.Fields(line)
	for i := 2; i < len(words); i++ {
		text := strings.Join(words[i:min(i+6, len(words))], " ")
		text, _, _ = strings.Cut(text, " remote")
		for _, layout := range fromLayouts {
			if t, err := time.ParseInLocation(layout, text, time.Local); err == nil && knownZone(t) {
				return t
			}
		}
	}
	return time.Time{}
}

// knownZone refuses a time in a zone of which time.Parse knows the name alone.
func knownZone(t time.Time) bool {
	name, offset := t.Zone()
	return offset != 0 || name == "" || name == "UTC" || name == "GMT" || t.Location() == time.Local
}
