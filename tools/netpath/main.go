// Netpath finds the routers between this host and others. See netpath(1).
package main

import (
	"io"
	"os"

	"postern/lib/tool"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return tool.Run((&program{stdin: stdin}).tool(), args, stdin, stdout, stderr)
}
