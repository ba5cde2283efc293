package tool

import (
	"fmt"
	"os"
	"path/filepath"

	"postern/lib/conf"
	"postern/lib/maillog"
	"postern/lib/place"
)

// ReadConfig reads into t what the file of -C, or else smtpd's own, says in t's
// directives. The file is smtpd's: what else stands in it is smtpd's business.
// What is wrong with it and can be ignored is told by warn.
func (e *Env) ReadConfig(t *conf.Table) error {
	usual := filepath.Join(place.New(os.Getenv(place.RootEnv)).Etc(), "smtpd.conf")
	warnings, err := t.ReadFile(conf.Source{Spec: e.Config, Usual: usual, Foreign: true})
	e.warn(warnings)
	return err
}

// warn tells what of a configuration is ignored: a person on standard error, or
// when the program is a policy server the log.
func (e *Env) warn(warnings conf.Warnings) {
	for _, w := range warnings {
		if e.serves() {
			e.Log.Log(maillog.Warning, w.Error()+" (ignored)")
		} else {
			fmt.Fprintf(e.Stderr, "%s: %v (ignored)\n", e.name, w)
		}
	}
}
