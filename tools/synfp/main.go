// Synfp shows which operating systems clients have, by the first packets of
// their connections. See synfp(8).
package main

import (
	"io"
	"os"

	"postern/lib/tool"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return tool.Run(new(program).tool(), args, stdin, stdout, stderr)
}
