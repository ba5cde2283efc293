package greylist

import (
	"cmp"
	"fmt"
	"path/filepath"
	"time"

	"postern/lib/conf"
)

// What holds unless it is said otherwise. Delay and Window are those of Plan 9.
const (
	usualDelay  = 5 * time.Minute
	usualWindow = 14 * time.Hour
	usualLife   = 60 * 24 * time.Hour
	usualMax    = 1_000_000
)

// Config is the directives about greylisting, for the programs that obey them.
// It is made by NewConfig, and made complete by Complete.
type Config struct {
	Mode   string // "0", "1" or "learn": for the program
	Dir    string // the folder
	Delay  time.Duration
	Window time.Duration // after which who has come once is forgotten
	Life   time.Duration // after which who was put on the whitelist is taken off, unless it came; 0 is never
	ByNet  bool          // IPv4 clients count by their /24
	BySPF  bool          // who may send for a domain counts as the domain
	Max    int           // entries of those that have come once
}

// NewConfig returns what holds when nothing is configured.
func NewConfig() Config {
	return Config{Mode: "0", Delay: usualDelay, Window: usualWindow, Life: usualLife, Max: usualMax}
}

// Learning says that nobody is deferred for real.
func (c *Config) Learning() bool { return c.Mode == "learn" }

// Wanted says whether the lists are asked at all.
func (c *Config) Wanted() bool { return c.Mode != "0" }

// Directives are the rows of the table of directives that set c.
func (c *Config) Directives() conf.Section { return conf.Of(rows, c) }

var rows = []conf.Row[Config]{
	{Name: "Greylist", Args: "[0|1|learn]", Default: "0",
		Value: func(c *Config) conf.Value { return modeValue(&c.Mode) },
		Help:  "Tell strangers to come again (451) until they do, see greylist(8). With learn the lists are kept and nobody is refused; the log says who would have been."},
	{Name: "GreylistDir", Args: "folder",
		Value: func(c *Config) conf.Value { return conf.String(&c.Dir) },
		Help:  "Holds the lists; /var/lib/postern/grey unless said, and below /var/lib/postern unless it begins with a slash."},
	{Name: "GreylistDelay", Args: "time", Default: "5m",
		Value: func(c *Config) conf.Value { return conf.Duration(&c.Delay) },
		Help:  "How long a stranger has to wait."},
	{Name: "GreylistWindow", Args: "time", Default: "14h",
		Value: func(c *Config) conf.Value { return conf.Duration(&c.Window) },
		Help:  "When a stranger who did not come again is forgotten."},
	{Name: "GreylistKey", Args: "[address|net]", Default: "address",
		Value: func(c *Config) conf.Value { return keyValue(&c.ByNet) },
		Help:  "Who has to come again: the client itself, or with net one of its IPv4 /24. IPv6 clients always count by their /64."},
	{Name: "GreylistSPF", Args: "[0|1]", Default: "0",
		Value: func(c *Config) conf.Value { return conf.Bool(&c.BySPF) },
		Help:  "When SPF passes, have the sender's domain come again from whatever host it lets send, and put it, not the host, on the whitelist."},
	{Name: "GreylistLife", Args: "time", Default: "1440h",
		Value: func(c *Config) conf.Value { return conf.Duration(&c.Life) },
		Help:  "When greylist expire takes those off the whitelist who were put there by themselves and did not come any more; 0 is never. What a person wrote stays."},
	{Name: "GreylistMax", Args: "number", Default: "1000000",
		Value: func(c *Config) conf.Value { return conf.Int(&c.Max, 1, 1<<30) },
		Help:  "Strangers of whom is kept that they came; beyond that they are told to come again and not remembered."},
}

// modeValue is a switch that can also be learn; with no argument it is on.
func modeValue(p *string) conf.Value {
	var on bool
	word := conf.Choice(p, "0", "1", "learn")
	return conf.Value{
		Set: func(args []string) error {
			if err := conf.Bool(&on).Set(args); err != nil {
				return word.Set(args)
			}
			*p = "0"
			if on {
				*p = "1"
			}
			return nil
		},
		Show: word.Show,
	}
}

func keyValue(byNet *bool) conf.Value {
	key := "address"
	if *byNet {
		key = "net"
	}
	word := conf.Choice(&key, "address", "net")
	return conf.Value{
		Set: func(args []string) error {
			err := word.Set(args)
			*byNet = key == "net"
			return err
		},
		Show: word.Show,
	}
}

// Complete puts the lists into the folder usual if none is configured, and
// beside it if one is named without those above it: programs that share it work
// in different folders. The error is what is wrong with the configuration as a
// whole.
func (c *Config) Complete(usual string) error {
	c.Dir = cmp.Or(c.Dir, usual)
	if !filepath.IsAbs(c.Dir) {
		c.Dir = filepath.Join(filepath.Dir(usual), c.Dir)
	}
	if c.Window <= c.Delay {
		return fmt.Errorf("GreylistWindow %s is not longer than GreylistDelay %s: nobody could pass", c.Window, c.Delay)
	}
	return nil
}
