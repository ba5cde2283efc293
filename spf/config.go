package main

import (
	"io"
	"os"

	"postern/lib/conf"
	"postern/lib/maillog"
	"postern/lib/place"
	"postern/lib/spf"
	"postern/lib/tool"
)

// config is what a configuration file says of SPF. The file is smtpd's: what
// else stands in it is smtpd's business.
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

// configure reads the configuration file.
func (c *checker) configure(e *tool.Env) error {
	f := newConfig()
	f.table = f.directives()
	warnings, err := f.table.ReadFile(conf.Source{Spec: e.Config, Foreign: true})
	if err != nil {
		return err
	}
	for _, w := range warnings {
		e.Log.Log(maillog.Warning, w.Error())
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
