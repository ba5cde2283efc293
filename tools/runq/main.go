// Runq works on the queue: it brings each message that is due to its
// recipients, and puts off what cannot be delivered yet. See runq(8).
package main

import (
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the program: it answers the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c, status := configure(args, stdout, stderr)
	if c == nil {
		return status
	}
	ctx, stop := untilSignal()
	defer stop()
	return c.do(ctx, stdin, stdout, stderr)
}
