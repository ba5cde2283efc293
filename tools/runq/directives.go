package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"postern/lib/conf"
)

// directives is the table of what runq obeys.
func (c *config) directives() conf.Table {
	return append(conf.Table{
		{Name: "QueueJobs", Args: "number", Default: "10", Set: conf.Int(&c.jobs, 1, maxJobs),
			Help: "Entries of the queue that are worked on at once."},
		{Name: "QueueLifetime", Args: "time", Default: "120h", Set: conf.Duration(&c.giveUp),
			Help: "How long delivery is tried before it is given up."},
	}, c.mail.Directives()...)
}

// complete sets what the configuration need not say.
func (c *config) complete() error {
	if c.mail.Hostname != "" {
		return nil
	}
	name, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("no host name: %w; say Hostname in smtpd.conf", err)
	}
	c.mail.Hostname = name
	return nil
}

// load reads the configuration, which is smtpd's: where mail goes must be the
// same to both. What is not in the table is for other programs. Warnings go to
// stderr.
func (c *config) load(table conf.Table, stderr io.Writer) error {
	spec := c.file
	if spec == "" {
		spec = filepath.Join(c.places.Etc(), "smtpd.conf")
	}
	dialect, lines, err := conf.Read(spec, conf.Native)
	if errors.Is(err, fs.ErrNotExist) && c.file == "" {
		return nil
	}
	warnings, fatal := conf.Split(err)
	if fatal == nil {
		var more conf.Warnings
		more, fatal = conf.Split(table.Load(dialect, ours(table, lines)))
		warnings = append(warnings, more...)
	}
	for _, w := range warnings {
		fmt.Fprintf(stderr, "runq: %v\n", w)
	}
	return fatal
}

// ours are the lines whose directives are in the table.
func ours(table conf.Table, lines []conf.Line) []conf.Line {
	return slices.DeleteFunc(lines, func(l conf.Line) bool {
		return l.Style || !slices.ContainsFunc(table, func(d conf.Directive) bool {
			return same(l.Name, d.Name) || slices.ContainsFunc(d.Synonyms, func(s string) bool { return same(l.Name, s) })
		})
	})
}

// same says whether two spellings name one directive.
func same(a, b string) bool {
	plain := func(s string) string { return strings.ReplaceAll(strings.TrimPrefix(s, "!"), "-", "") }
	return strings.EqualFold(plain(a), plain(b))
}
