package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"postern/lib/plot"
)

// A bin is how many came again after a time and before that of the next bin.
type bin struct {
	from, to time.Duration
	count    int
}

// histogram counts delays. Each bin is half as long again as the one before, as
// senders wait longer each time; the last goes to the end of the window.
func histogram(delays []time.Duration, delay, window time.Duration) (bins []bin) {
	for from := delay; from < window; {
		to := min((from + max(from/2, time.Minute)).Round(time.Minute), window)
		bins = append(bins, bin{from: from, to: to})
		from = to
	}
	for _, d := range delays {
		i := 0
		for i < len(bins)-1 && d >= bins[i].to {
			i++
		}
		bins[i].count++
	}
	return bins
}

// label is the beginning of a bin, without the zeros that Duration shows.
func (b bin) label() string {
	text := b.from.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func most(bins []bin) int {
	n := 1
	for _, b := range bins {
		n = max(n, b.count)
	}
	return n
}

// plotText draws a line for each bin.
func plotText(w io.Writer, bins []bin, screen plot.Screen) error {
	most, label := most(bins), 8
	width := screen.Columns - label - len(" | ") - len(strconv.Itoa(most))
	var b strings.Builder
	for _, bin := range bins {
		fmt.Fprintf(&b, "%*s |%s %d\n", label, bin.label(), screen.Bar(float64(bin.count), float64(most), width), bin.count)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// plotSVG draws a bar for each bin.
func plotSVG(w io.Writer, bins []bin) error {
	const wide, high, foot = 56, 200, 30
	p := plot.NewPicture(wide*len(bins)+wide, high+2*foot, "after how long strangers came again")
	for i, bin := range bins {
		x, h := wide/2+i*wide, bin.count*high/most(bins)
		p.Rect(plot.First, x, foot+high-h, wide-4, h)
		p.Text(plot.Ink, x, foot+high-h-4, strconv.Itoa(bin.count))
		p.Text(plot.Faint, x, foot+high+16, bin.label())
	}
	return p.Write(w)
}
