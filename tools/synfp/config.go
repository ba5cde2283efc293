package main

import (
	"errors"
	"os"
	"time"

	"postern/lib/conf"
	"postern/lib/place"
	"postern/lib/synfp"
	"postern/lib/tool"
)

// config is what synfp obeys of smtpd.conf(5).
type config struct {
	mtu    int // SynOsMTU, octets
	keep   int // SynFpBuf, SYNs
	waitMs int // SynFpWait, milliseconds
}

// Bounds of SynFpBuf, and of SynFpWait in milliseconds.
const (
	defaultKeep = 10000
	maxKeep     = 1 << 20
	defaultWait = 500
	mostWait    = int(maxWait / time.Millisecond)
)

var rows = []conf.Row[config]{
	{Name: "SynOsMTU", Args: "octets", Default: "1500",
		Value: func(c *config) conf.Value { return synfp.MTU(&c.mtu) },
		Help:  "As in smtpd.conf(5)."},
	{Name: "SynFpWait", Args: "milliseconds", Default: "500",
		Value: func(c *config) conf.Value { return conf.Int(&c.waitMs, 0, mostWait) },
		Help:  "How long a filter waits for the collector's answer about a client; at most 5000, and 0 for what it has seen already."},
	{Name: "SynFpBuf", Args: "number", Default: "10000", Old: conf.Old{Avenger: "100"},
		Value: func(c *config) conf.Value { return conf.Int(&c.keep, 1, maxKeep) },
		Help:  "SYNs that the collector keeps for sessions that have not yet asked for them."},
}

// path is where the collector's socket is.
func (p *program) path() string {
	if p.socket != "" {
		return p.socket
	}
	return synfp.Socket(place.New(os.Getenv(place.RootEnv)).Run())
}

// load reads the configuration, over which the command line wins.
func (p *program) load(e *tool.Env) (config, error) {
	c := config{mtu: synfp.UsualMTU, keep: defaultKeep, waitMs: defaultWait}
	table := conf.NewTable(conf.Of(rows, &c))
	err := e.ReadConfig(table)
	if p.mtu != "" {
		err = errors.Join(err, table.Flag("--mtu", "SynOsMTU", p.mtu))
	}
	return c, err
}
