package main

import (
	"io"
	"os"

	"postern/lib/conf"
	"postern/lib/place"
	"postern/lib/spf"
	"postern/lib/tool"
)

// config is what a configuration file, smtpd's, says of SPF.
type config struct {
	spf.Config
	etcDir, hostname string
	table            *conf.Table
}

func (c *config) directives() *conf.Table {
	return conf.NewTable(c.Config.Directives(), conf.Of(ownRows, c))
}

var ownRows = []conf.Row[config]{
	{Name: "EtcDir", Args: "folder", Default: "/etc/postern",
		Old:   conf.Old{Avenger: "/etc/avenger"},
		Value: func(c *config) conf.Value { return conf.String(&c.etcDir) },
		Help:  "Where SPFHostsFile is when it is named without a folder."},
	{Name: "Hostname", Args: "name",
		Value: func(c *config) conf.Value { return conf.String(&c.hostname) },
		Help:  "The name of this host, for the macro r and for Received-SPF."},
}

func newConfig() *config {
	return &config{Config: spf.NewConfig(), etcDir: place.New(os.Getenv(place.RootEnv)).Etc()}
}

// configure reads the file of -C. Unlike the other tools, spf does not read smtpd's
// own file where there is no -C: it then tells what the domain says, whatever rules
// this host has.
func (c *checker) configure(e *tool.Env) error {
	f := newConfig()
	f.table = f.directives()
	err := e.ReadConfig(f.table)
	if err != nil {
		return err
	}
	if c.spf.Rules, err = f.Rules(f.etcDir); err != nil {
		return err
	}
	c.spf.Limit = f.Timeout()
	if f.hostname != "" {
		c.spf.Receiver = f.hostname
	}
	c.config = f
	return nil
}

// WriteConfig shows what is in force.
func (c *checker) WriteConfig(w io.Writer) error { return c.config.table.Check(w) }
