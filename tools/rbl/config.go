package main

import (
	"errors"
	"fmt"
	"io"

	"postern/lib/conf"
	"postern/lib/rbl"
	"postern/lib/tool"
)

// config is the lists that are asked.
type config struct{ lists []rbl.List }

var rows = []conf.Row[config]{
	{Name: "RBL", Args: "[-i] [-p] [-f] -s score zone[=codes]", Repeat: true,
		Value: func(c *config) conf.Value { return rbl.Directive(&c.lists) },
		Help:  "A list that is asked, as in smtpd.conf(5)."},
}

var errNoLists = errors.New("no lists to ask: name them with -b, or in a file with -C")

// load takes the lists that the command line names (-b), and those of the file of
// -C; without either those of smtpd's own file.
func (c *config) load(texts []string, e *tool.Env) error {
	for _, text := range texts {
		l, err := rbl.ParseText(text)
		if err != nil {
			return fmt.Errorf("option -b: %w", err)
		}
		c.lists = append(c.lists, l)
	}
	if len(texts) == 0 || e.Config != "" {
		if err := c.read(e); err != nil {
			return err
		}
	}
	if len(c.lists) == 0 {
		return errNoLists
	}
	return nil
}

// read adds the lists of a file.
func (c *config) read(e *tool.Env) error {
	var more config
	err := e.ReadConfig(conf.NewTable(conf.Of(rows, &more)))
	c.lists = append(c.lists, more.lists...)
	return err
}

// write shows what is in force.
func (c *config) write(w io.Writer) error {
	for i := range c.lists {
		if _, err := fmt.Fprintln(w, "RBL", c.lists[i].String()); err != nil {
			return err
		}
	}
	return nil
}
