package spf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"postern/lib/conf"
)

// usualHosts is the name of the hosts file in the folder of the configuration.
const usualHosts = "spfhosts"

// Config is the directives about SPF, for the programs that obey them. It is
// made by NewConfig.
type Config struct {
	local, none, fail *Record
	explanation       *MacroString
	hosts             string
	limit             time.Duration
}

// NewConfig returns what holds when nothing is configured.
func NewConfig() Config { return Config{hosts: usualHosts, limit: Limit} }

// Directives are the rows of the table of directives that set c.
func (c *Config) Directives() conf.Section { return conf.Of(rows, c) }

var rows = []conf.Row[Config]{
	{Name: "SPFlocal", Args: "[rule ...]",
		Value: func(c *Config) conf.Value { return ruleValue(&c.local) },
		Help:  "SPF rules that are asked before the sender's domain is; pass, fail, softfail and temperror are final."},
	{Name: "SPFnone", Args: "[rule ...]",
		Value: func(c *Config) conf.Value { return ruleValue(&c.none) },
		Help:  "SPF rules for a domain that publishes none, and for which SPFHostsFile has none."},
	{Name: "SPFfail", Args: "[rule ...]",
		Value: func(c *Config) conf.Value { return ruleValue(&c.fail) },
		Help:  "SPF rules that give a client that failed a second chance; pass, softfail and temperror count instead."},
	{Name: "SPFexp", Args: "[text ...]",
		Unsafe: conf.Old{Avenger: "See http://www.openspf.org/why.html?sender=%{S}&ip=%{I}"},
		Value:  func(c *Config) conf.Value { return explanationValue(&c.explanation) },
		Help:   "Explanation of a fail for which the domain has none. Macros of RFC 7208 may stand in it."},
	{Name: "SPFHostsFile", Args: "file", Default: usualHosts,
		Value: func(c *Config) conf.Value { return conf.String(&c.hosts) },
		Help:  "Rules for domains that publish none, a line each: domain: rules. A domain with a dot in front stands for all below it. Need not exist."},
	{Name: "SPFTimeout", Args: "time", Default: "20s",
		Value: func(c *Config) conf.Value { return conf.DurationUpTo(&c.limit, Limit) },
		Help:  "How long an SPF check may take; at most 20 seconds."},
}

// Timeout is how long a check may take.
func (c *Config) Timeout() time.Duration { return c.limit }

func ruleValue(p **Record) conf.Value {
	return conf.Value{Set: func(args []string) (err error) {
		*p = nil
		if len(args) > 0 {
			*p, err = ParseRules(strings.Join(args, " "))
		}
		return err
	}}
}

func explanationValue(p **MacroString) conf.Value {
	return conf.Value{Set: func(args []string) (err error) {
		*p = nil
		if len(args) > 0 {
			*p, err = ParseExplanation(strings.Join(args, " "))
		}
		return err
	}}
}

// Rules reads the hosts file, which is below etc unless it has a path of its
// own, and gives what the directives say.
func (c *Config) Rules(etc string) (Rules, error) {
	r := Rules{Local: c.local, None: c.none, Fail: c.fail, Explanation: c.explanation}
	file := c.hosts
	if file == "" {
		return r, nil
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(etc, file)
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("SPFHostsFile: %w", err)
	}
	defer f.Close()
	r.Hosts, err = ParseHosts(f, file)
	return r, err
}
