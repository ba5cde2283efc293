package main

import (
	"context"
	"fmt"
	"os"

	"postern/lib/greylist"
	"postern/lib/plot"
)

// stat counts those on the lists.
func (j *job) stat([]string) error {
	t, err := j.store.Stats(context.Background(), j.now())
	if err != nil {
		return err
	}
	if j.plot.On {
		bins := histogram(t.Delays, j.Delay, j.Window)
		if j.plot.IsText(j.Stdout) {
			return plotText(j.Stdout, bins, plot.ScreenOf(j.Stdout, os.Getenv))
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
