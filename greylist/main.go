// Greylist tells strangers to come again: it keeps and asks the lists of
// lib/greylist. See greylist(8).
package main

import (
	"io"
	"os"

	"postern/lib/arg"
	"postern/lib/greylist"
	"postern/lib/plot"
	"postern/lib/tool"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return tool.Run(new(program).tool(), args, stdin, stdout, stderr)
}

// program is what the command line asks for besides what all tools have.
type program struct {
	dir, delay, key string
	learn           bool
	plot            plot.Option
}

func (p *program) tool() *tool.Program {
	return &tool.Program{
		Name:     "greylist",
		Synopsis: "[--dir folder] [--delay time] [--key address|net] [--learn] [--plot[=text|svg]] [verb [operand ...]]",
		Sets:     greylist.Attributes(),
		Flags:    p.flags,
		Words:    words,
		Open:     p.open,
		Mode:     p.mode,
	}
}

func (p *program) flags(s *arg.Set) {
	s.String(&p.dir, "dir", "folder", "keep the lists here")
	s.String(&p.delay, "delay", "time", "let strangers wait so long")
	s.String(&p.key, "key", "address|net", "who has to come again: the client, or one of its IPv4 /24")
	s.Bool(&p.learn, "learn", "keep the lists and refuse nobody")
	s.Optional("plot", plot.Names, "with stat: draw the delays of those who came again, as SVG unless on a terminal", p.plot.Set)
}
