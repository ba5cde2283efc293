package plot

import (
	"cmp"
	"io"
	"strconv"
	"strings"
)

// How wide a screen may be, and how wide it is when nobody says.
const (
	leastColumns, usualColumns, mostColumns = 20, 80, 1000
)

// Screen is what text is drawn on.
type Screen struct {
	Columns int
	UTF8    bool // it shows UTF-8; else it is given ASCII alone
}

// ScreenOf is the terminal w, or what $COLUMNS says of it when it is none. It
// shows UTF-8 where the locale is one of UTF-8: $LC_ALL, $LC_CTYPE or $LANG, the
// first that is set.
func ScreenOf(w io.Writer, getenv func(string) string) Screen {
	columns := max(terminalColumns(w), 0)
	if columns == 0 {
		columns, _ = strconv.Atoi(getenv("COLUMNS"))
	}
	if columns <= 0 {
		columns = usualColumns
	}
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	return Screen{
		Columns: min(max(columns, leastColumns), mostColumns),
		UTF8:    strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8"),
	}
}

// Bar is a bar for part of a whole that is width columns long: of full and
// eighths of a block, or of "#". What is more than nothing is never invisible.
func (s Screen) Bar(part, whole float64, width int) string {
	if part <= 0 || whole <= 0 || width <= 0 {
		return ""
	}
	part = min(part/whole, 1)
	if !s.UTF8 {
		return strings.Repeat("#", max(1, int(part*float64(width)+0.5)))
	}
	eighths := max(1, int(part*float64(8*width)+0.5))
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string(rune('█' + 8 - rest)) // U+2589 is seven eighths, U+258F one
	}
	return bar
}

// Fit is text cut to width columns, its end marked where something is missing.
// Everything but printable ASCII, which a terminal could take for a command or
// show wider than one column, becomes "?".
func (s Screen) Fit(text string, width int) string {
	text = ascii(text)
	if len(text) <= width {
		return text
	}
	if width <= 0 {
		return ""
	}
	mark := "~"
	if s.UTF8 {
		mark = "…"
	}
	return text[:width-1] + mark
}

// ascii is text with "?" for each rune that is not printable ASCII.
func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
