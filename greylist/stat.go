package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/greylist"
)

// stat counts those on the lists.
func (j *job) stat([]string) error {
	t, err := j.store.Stats(context.Background(), j.now())
	if err != nil {
		return err
	}
	if j.plot {
		bins := histogram(t.Delays, j.Delay, j.Window)
		if isTerminal(j.Stdout) {
			return plotText(j.Stdout, bins)
		}
		return plotSVG(j.Stdout, bins)
	}
	_, err = fmt.Fprintf(j.Stdout, "seen %d\nretried %d\npassed %d\nlisted %d\nmedian retry delay %s\n",
		t.Seen, t.Retried, t.Passed, t.Listed, median(&t))
	return err
}

func median(t *greylist.Stats) string {
	if t.Passed == 0 {
		return "unknown"
	}
	return t.Median().String()
}

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
func plotText(w io.Writer, bins []bin) error {
	const width = 60
	for _, b := range bins {
		bar := strings.Repeat("#", (b.count*width+most(bins)-1)/most(bins))
		if _, err := fmt.Fprintf(w, "%8s |%s %d\n", b.label(), bar, b.count); err != nil {
			return err
		}
	}
	return nil
}

// plotSVG draws a bar for each bin.
func plotSVG(w io.Writer, bins []bin) error {
	const wide, high, foot = 48, 200, 30
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\">\n", wide*len(bins)+wide, high+2*foot)
	fmt.Fprintf(&b, "<title>after how long strangers came again</title>\n")
	for i, bin := range bins {
		x, h := wide/2+i*wide, bin.count*high/most(bins)
		fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"steelblue\"/>\n", x, foot+high-h, wide-4, h)
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\">%d</text>\n", x, foot+high-h-4, bin.count)
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\">%s</text>\n", x, foot+high+16, bin.label())
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// isTerminal says whether people see what is written at once.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil
}
