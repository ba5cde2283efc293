package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"postern/lib/conf"
)

// directives is the table of what runq obeys.
func (c *config) directives() *conf.Table {
	return conf.NewTable(conf.Of(rows, c), conf.Of(noticeRows, &c.notices), conf.Of(outgoingRows, &c.out), c.mail.Directives())
}

var rows = []conf.Row[config]{
	{Name: "QueueJobs", Args: "number", Default: "10",
		Value: func(c *config) conf.Value { return conf.Int(&c.jobs, 1, maxJobs) },
		Help:  "Entries of the queue that are worked on at once."},
	{Name: "QueueLifetime", Args: "time", Default: "120h",
		Value: func(c *config) conf.Value { return conf.Duration(&c.giveUp) },
		Help:  "How long delivery is tried before it is given up."},
	{Name: "CommandUser", Args: "user", Default: defaultUser,
		Value: func(c *config) conf.Value { return conf.String(&c.user) },
		Help:  "Whose rights commands in rules and aliases have when runq runs as root; else they have its own."},
}

// complete sets what the configuration need not say.
func (c *config) complete() error {
	err := c.mail.FindHostname()
	c.notices.host = c.mail.Hostname
	c.out.routing.fill()
	c.mail.Commands = true
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	c.mail.CommandAs, err = credential(c.user)
	return err
}

// load reads the configuration, which is smtpd's: where mail goes must be the
// same to both. What is not in the table is for other programs. Warnings go to
// stderr.
func (c *config) load(table *conf.Table, stderr io.Writer) error {
	warnings, err := table.ReadFile(conf.Source{
		Spec: c.file, Usual: filepath.Join(c.places.Etc(), "smtpd.conf"), Foreign: true,
	})
	for _, w := range warnings {
		fmt.Fprintf(stderr, "runq: %v (ignored)\n", w)
	}
	return err
}
