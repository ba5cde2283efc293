package main

import (
	"fmt"
	"os"

	"postern/lib/synfp"
	"postern/lib/tool"
)

// database reads those of --db and puts our own behind them.
func (p *program) database() (*synfp.Database, error) {
	var list []*synfp.Database
	for _, name := range p.databases {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		d, err := synfp.Read(name, f)
		f.Close()
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return synfp.Join(append(list, synfp.Own())...), nil
}

// naming is how systems are named.
type naming struct {
	db  *synfp.Database
	mtu int
}

func (p *program) naming(e *tool.Env) (n naming, c config, err error) {
	if c, err = p.load(e); err != nil {
		return n, c, err
	}
	n.mtu = c.mtu
	n.db, err = p.database()
	return n, c, err
}

// name is the system in words, "" when none is known.
func (n naming) name(s *synfp.SYN) string {
	system, _ := n.db.NameSYN(s, n.mtu)
	return system.String()
}

// words says for people what system it is, and how far away.
func (n naming) words(s *synfp.SYN) string {
	system, ok := n.db.NameSYN(s, n.mtu)
	name := system.String()
	if !ok {
		name = "unknown"
	}
	hops := system.Hops(&s.Fingerprint)
	if hops == 1 {
		return name + ", 1 hop away"
	}
	return fmt.Sprintf("%s, %d hops away", name, hops)
}
