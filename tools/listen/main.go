// Listen accepts connections and has a program serve each: a process for every
// connection, or processes that stay and are handed one after another. See
// listen(8).
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"postern/lib/conf"
	"postern/lib/place"
	"postern/lib/sysexits"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the program: it answers the exit status.
func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	f, err := parseFlags(args)
	if err != nil {
		return f.options().Report(err, stdout, stderr)
	}
	if f.version {
		fmt.Fprintln(stdout, "listen "+place.Version())
		return sysexits.OK
	}
	places := place.New(os.Getenv(place.RootEnv))
	c, warnings, err := loadConfig(f, places)
	for _, w := range warnings {
		fmt.Fprintf(stderr, "listen: %v (ignored)\n", w)
	}
	if err != nil {
		fmt.Fprintf(stderr, "listen: %v\n", err)
		if errors.As(err, new(*conf.FlagError)) {
			return sysexits.Usage
		}
		return sysexits.Config
	}
	if f.check {
		return c.report(stdout, stderr)
	}
	if f.detach && !detached() {
		return detach(args, stderr)
	}
	return serve(c, stderr)
}
