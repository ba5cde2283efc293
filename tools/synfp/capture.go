package main

import (
	"errors"
	"fmt"
	"sync"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"postern/lib/synfp"
)

// A source is an interface that frames are captured from.
type source interface {
	gopacket.ZeroCopyPacketDataSource
	link() layers.LinkType
}

// capture brings the SYNs that come in, until take or an interface fails. take
// is called from several goroutines.
func capture(w wanted, take func(synfp.SYN) error) error {
	sources, err := openAll(w)
	if err != nil {
		return err
	}
	return captureFrom(sources, w, take)
}

func captureFrom(sources []source, w wanted, take func(synfp.SYN) error) error {
	failed := make(chan error, len(sources))
	for _, src := range sources {
		go func() { failed <- follow(src, w, take) }()
	}
	return <-failed
}

// openAll opens the interfaces that are wanted: all, or none.
func openAll(w wanted) ([]source, error) {
	names, err := w.choose()
	if err != nil {
		return nil, err
	}
	var list []source
	for _, name := range names {
		src, err := openSource(name, w)
		if err != nil {
			return nil, fmt.Errorf("cannot capture from %s: %w", name, err)
		}
		list = append(list, src)
	}
	return list, nil
}

// queued is how many SYNs may wait to be taken: what comes in within a pause of
// ours, in memory of a few hundred KiB.
const queued = 4096

// follow reads frames as fast as it can, so that the kernel's short queue does
// not overflow, and leaves taking SYNs to another goroutine.
func follow(src source, w wanted, take func(synfp.SYN) error) error {
	syns := make(chan synfp.SYN, queued)
	var taking sync.WaitGroup
	var taken error
	taking.Go(func() {
		for s := range syns {
			if taken = errors.Join(taken, take(s)); taken != nil {
				return
			}
		}
	})
	err := read(src, w, syns)
	close(syns)
	taking.Wait()
	return errors.Join(taken, err)
}

func read(src source, w wanted, syns chan<- synfp.SYN) error {
	link := src.link()
	for {
		frame, _, err := src.ZeroCopyReadPacketData()
		if err != nil {
			return err
		}
		if s, err := decode(frame, link); err == nil && w.matches(&s) {
			syns <- s
		}
	}
}
