package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"postern/lib/conf"
	"postern/lib/greylist"
	"postern/lib/place"
	"postern/lib/tool"
)

// config is what the configuration, smtpd's, says of greylisting.
type config struct {
	greylist.Config
	table *conf.Table
}

// load reads the configuration, and the options that win over it.
func (p *program) load(e *tool.Env) (*config, error) {
	c := &config{Config: greylist.NewConfig()}
	c.table = conf.NewTable(c.Config.Directives())
	dir, noDir := p.folder()
	errs := []error{e.ReadConfig(c.table), noDir}
	mode := ""
	if p.learn {
		mode = "learn"
	}
	for _, o := range []struct{ option, directive, value string }{
		{"--dir", "GreylistDir", dir},
		{"--delay", "GreylistDelay", p.delay},
		{"--key", "GreylistKey", p.key},
		{"--learn", "Greylist", mode},
	} {
		if o.value != "" {
			errs = append(errs, c.table.Flag(o.option, o.directive, o.value))
		}
	}
	usual := filepath.Join(place.New(os.Getenv(place.RootEnv)).Lib(), "grey")
	return c, errors.Join(append(errs, c.Complete(usual))...)
}

// folder is what --dir says, from where it is said; the configuration speaks of
// folders of its own.
func (p *program) folder() (string, error) {
	if p.dir == "" {
		return "", nil
	}
	return filepath.Abs(p.dir)
}

// WriteConfig shows what is in force.
func (c *config) WriteConfig(w io.Writer) error { return c.table.Check(w) }
