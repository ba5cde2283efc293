package deliver

import (
	"postern/lib/conf"
	"postern/lib/place"
)

// maxReceived is the number of Received fields at which a message is taken
// to be in a loop. RFC 5321 6.3 wants at least 100.
const maxReceived = 100

// Config is what decides where mail goes. Empty paths stand for the usual
// places (see New).
type Config struct {
	Hostname    string   // this host's own name: mail for it is ours
	Domains     []string // ours as well: "dom", or "*.dom" for all below dom
	Rules       string   // rewrite rules, see rewrite(5); the file need not exist
	Aliases     string   // aliases in sendmail's format; the file need not exist
	Mail        string   // the folder with a Maildir per user
	Queue       string   // the queue's folder
	Separator   string   // characters between user and extension ("+"); none if empty
	MaxReceived int      // Received fields at which a message loops
}

// Directives are the rows of a configuration that set c, shared by the
// programs that deliver.
func (c *Config) Directives() []conf.Directive {
	return []conf.Directive{}
}

// New is a Deliverer obeying c; what c leaves empty is taken from the usual
// places. It opens nothing: files are read when first needed, and read again
// when their time stamp has changed.
func New(c Config, p place.Places) *Deliverer {
	fill(&c.Rules, p.Etc()+"/rewrite")
	fill(&c.Aliases, p.Aliases())
	fill(&c.Mail, p.Lib()+"/mail")
	fill(&c.Queue, p.Queue())
	if c.MaxReceived == 0 {
		c.MaxReceived = maxReceived
	}
	return &Deliverer{config: c, places: p}
}

// fill sets *s to a default when it is empty.
func fill(s *string, value string) {
	if *s == "" {
		*s = value
	}
}
