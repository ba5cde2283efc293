package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"postern/lib/maillog"
	"postern/lib/synfp"
)

// A source is an interface that frames are captured from.
type source interface {
	gopacket.ZeroCopyPacketDataSource
	link() layers.LinkType
	// dropped is how many SYNs were lost since it was last asked.
	dropped() uint64
	Close()
}

// capture brings the SYNs that come in to the interfaces that are wanted. One
// that goes away is waited for.
type capture struct {
	wanted
	take    func(synfp.SYN) error
	log     *maillog.Logger
	patient bool // interfaces that are not there at the start are waited for, too

	syns    chan synfp.SYN
	ended   chan string // the name of one whose reading has failed
	sources map[string]source
	told    map[string]string // what was last complained of an interface
}

const (
	// queued is how many SYNs may wait to be taken: what comes in within a
	// pause of ours, in memory of a few hundred KiB.
	queued = 4096
	// every is how often is looked for interfaces.
	every = time.Second
)

func newCapture(w wanted, log *maillog.Logger, take func(synfp.SYN) error) *capture {
	return &capture{
		wanted: w, take: take, log: log,
		syns: make(chan synfp.SYN, queued), ended: make(chan string),
		sources: make(map[string]source), told: make(map[string]string),
	}
}

// recent is how many SYNs are remembered, to know them when they come again.
const recent = 10000

// live prints what comes in, each connection once, however often its SYN is
// sent or seen.
func live(w wanted, log *maillog.Logger, print func(synfp.SYN) error) error {
	seen := newBuffer(recent)
	c := newCapture(w, log, func(s synfp.SYN) error {
		if !seen.add(s, time.Now()) {
			return nil
		}
		return print(s)
	})
	if err := c.open(); err != nil {
		return err
	}
	return c.run()
}

// open opens the interfaces: without patience all that are wanted, or none.
func (c *capture) open() error {
	if err := ready(); err != nil {
		return fmt.Errorf("cannot capture: %w", err)
	}
	names, err := c.choose()
	if err != nil && !c.patient {
		return err
	}
	c.tell("", err)
	for _, name := range names {
		err := c.follow(name)
		if err != nil && !c.patient {
			return fmt.Errorf("cannot capture from %s: %w", name, err)
		}
		c.tell(name, err)
	}
	return nil
}

// run takes SYNs until take fails.
func (c *capture) run() error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case s := <-c.syns:
			if err := c.take(s); err != nil {
				return err
			}
		case name := <-c.ended:
			c.lose(name)
		case <-tick.C:
			c.look()
		}
	}
}

// follow begins to capture from an interface. Its frames are read as fast as
// can be, so that the kernel's queue does not overflow.
func (c *capture) follow(name string) error {
	src, err := openSource(name, c.wanted)
	if err != nil {
		return err
	}
	c.sources[name] = src
	go func() {
		c.read(src)
		c.ended <- name
	}()
	return nil
}

// read reads until the interface goes away or down.
func (c *capture) read(src source) {
	link := src.link()
	for {
		frame, _, err := src.ZeroCopyReadPacketData()
		if err != nil {
			return
		}
		if s, err := decode(frame, link); err == nil && c.matches(&s) {
			c.syns <- s
		}
	}
}

// look opens interfaces that have come, and complains of SYNs that were lost.
func (c *capture) look() {
	for name, src := range c.sources {
		if n := src.dropped(); n > 0 {
			c.log.Log(maillog.Warning, fmt.Sprintf("%s: %d SYNs were dropped, since they came too fast (a larger net.core.rmem_max has room for more)", name, n))
		}
	}
	names, err := c.choose()
	c.tell("", err)
	c.forget(names)
	for _, name := range names {
		if c.sources[name] == nil {
			c.tell(name, c.follow(name))
		}
	}
}

var errGone = errors.New("down or gone; waiting for it")

// lose gives up an interface. That is told only of one that was named: on a host of
// containers others come and go all the time.
func (c *capture) lose(name string) {
	c.sources[name].Close()
	delete(c.sources, name)
	if slices.Contains(c.interfaces, name) {
		c.tell(name, errGone)
	}
}

// forget drops what was said of interfaces that are neither there nor named.
func (c *capture) forget(names []string) {
	maps.DeleteFunc(c.told, func(name, _ string) bool {
		return name != "" && !slices.Contains(names, name) && !slices.Contains(c.interfaces, name)
	})
}

// tell logs what is wrong with an interface once, and once that it no longer is. The
// name "" stands for the choice of interfaces itself.
func (c *capture) tell(name string, err error) {
	before, text := c.told[name], "capturing again"
	switch {
	case err == nil && before == "":
		return
	case err == nil:
		delete(c.told, name)
	case before == err.Error():
		return
	default:
		text = err.Error()
		c.told[name] = text
	}
	if name != "" {
		text = name + ": " + text
	}
	c.log.Log(maillog.Warning, text)
}
