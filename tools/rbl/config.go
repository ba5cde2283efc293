package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"postern/lib/conf"
	"postern/lib/place"
	"postern/lib/rbl"
)

// config is the lists that are asked.
type config struct{ lists []rbl.List }

var rows = []conf.Row[config]{
	{Name: "RBL", Args: "[-i] [-p] [-f] -s score zone[=codes]", Repeat: true,
		Value: func(c *config) conf.Value { return rbl.Directive(&c.lists) },
		Help:  "A list that is asked, as in smtpd.conf(5)."},
}

var errNoLists = errors.New("no lists to ask: name them with -b, or in a file with -C")

// load takes the lists of the command line, or else those of a file of smtpd's.
// What else stands in the file is not looked at.
func (c *config) load(texts []string, file string, stderr io.Writer) error {
	for _, text := range texts {
		l, err := rbl.ParseText(text)
		if err != nil {
			return fmt.Errorf("option -b: %w", err)
		}
		c.lists = append(c.lists, l)
	}
	if len(texts) == 0 || file != "" {
		if err := c.read(file, stderr); err != nil {
			return err
		}
	}
	if len(c.lists) == 0 {
		return errNoLists
	}
	return nil
}

// read adds the lists of a file; without a name it is smtpd's usual one.
func (c *config) read(file string, stderr io.Writer) error {
	var more config
	table := conf.NewTable(conf.Of(rows, &more))
	warnings, err := table.ReadFile(conf.Source{
		Spec: file, Usual: filepath.Join(place.New(os.Getenv(place.RootEnv)).Etc(), "smtpd.conf"), Foreign: true,
	})
	for _, w := range warnings {
		fmt.Fprintf(stderr, "rbl: %v (ignored)\n", w)
	}
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
