// Rbl asks block lists about clients. See rbl(1).
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
