package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"postern/lib/conf"
	"postern/lib/greylist"
	"postern/lib/maillog"
	"postern/lib/place"
	"postern/lib/tool"
)

// config is what the configuration says of greylisting. The file is smtpd's:
// what else stands in it is smtpd's business.
type config struct {
	greylist.Config
	table *conf.Table
}

// load reads the configuration, and the options that win over it.
func (p *program) load(e *tool.Env) (*config, error) {
	places := place.New(os.Getenv(place.RootEnv))
	c := &config{Config: greylist.NewConfig()}
	c.table = conf.NewTable(c.Config.Directives())
	warnings, err := c.table.ReadFile(conf.Source{
		Spec: e.Config, Usual: filepath.Join(places.Etc(), "smtpd.conf"), Foreign: true,
	})
	for _, w := range warnings {
		e.Log.Log(maillog.Warning, w.Error())
	}
	dir, noDir := p.folder()
	errs := []error{err, noDir}
	for _, o := range []struct{ option, directive, value string }{
		{"--dir", "GreylistDir", dir},
		{"--delay", "GreylistDelay", p.delay},
		{"--key", "GreylistKey", p.key},
		{"--learn", "Greylist", map[bool]string{true: "learn"}[p.learn]},
	} {
		if o.value != "" {
			errs = append(errs, c.table.Flag(o.option, o.directive, o.value))
		}
	}
	return c, errors.Join(append(errs, c.Complete(filepath.Join(places.Lib(), "grey")))...)
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
