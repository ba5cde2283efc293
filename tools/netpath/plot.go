package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"postern/lib/netpath"
	"postern/lib/plot"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// most is how many paths a drawing shows.
const most = 2

// draw draws the paths that operands, or records on standard input, ask for.
func (p *program) draw(e *tool.Env, operands []string) int {
	e.Operands = true
	err := p.drawing(e, operands)
	if err == nil {
		return sysexits.OK
	}
	fmt.Fprintf(e.Stderr, "netpath: %v\n", err)
	var setting errSetting
	switch {
	case errors.As(err, &setting):
		return tool.OpenStatus(setting.error)
	case errors.Is(err, tool.ErrInput):
		return sysexits.DataErr
	case errors.As(err, new(errIO)):
		return sysexits.IOErr
	}
	return sysexits.TempFail
}

// The kinds of errors of drawing, besides tool.ErrInput.
type (
	errSetting struct{ error } // an option's value
	errIO      struct{ error } // reading or writing
)

func (p *program) drawing(e *tool.Env, operands []string) error {
	c, err := p.checker(e)
	if err != nil {
		return errSetting{err}
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	paths, hops, err := c.subjects(ctx, operands)
	if err != nil {
		return err
	}
	if err := c.render(ctx, paths, hops); err != nil {
		return errIO{err}
	}
	return nil
}

// subjects are the paths to be drawn, and how many hops of them.
func (c *checker) subjects(ctx context.Context, operands []string) (paths []netpath.Path, hops int, err error) {
	if len(operands) == 0 {
		paths, err = c.fromRecords(ctx)
		return paths, 0, err
	}
	addrs, hops, err := targets(operands)
	switch {
	case err != nil:
	case !c.compare:
		paths, err = c.findAll(ctx, addrs, hops)
	case len(addrs) > 1:
		err = fmt.Errorf("%w: --compare takes one address", tool.ErrInput)
	default:
		paths, err = c.thenAndNow(ctx, addrs[0], hops)
	}
	return paths, hops, err
}

// targets reads operands: an address or two, and a number of hops.
func targets(operands []string) (addrs []netip.Addr, hops int, err error) {
	if last := len(operands) - 1; last > 0 {
		if n, err := strconv.Atoi(operands[last]); err == nil {
			operands, hops = operands[:last], n
		}
	}
	if len(operands) > most {
		return nil, 0, fmt.Errorf("%w: no more than %d paths can be drawn", tool.ErrInput, most)
	}
	for _, word := range operands {
		addr, err := parseHost(word)
		if err != nil {
			return nil, 0, err
		}
		addrs = append(addrs, addr)
	}
	return addrs, hops, nil
}

// findAll finds the paths to all hosts at once.
func (c *checker) findAll(ctx context.Context, addrs []netip.Addr, hops int) ([]netpath.Path, error) {
	paths, errs := make([]netpath.Path, len(addrs)), make([]error, len(addrs))
	var wg sync.WaitGroup
	for i, addr := range addrs {
		wg.Go(func() { paths[i], errs[i] = c.find(ctx, addr, max(hops, 0)) })
	}
	wg.Wait()
	return paths, errors.Join(errs...)
}

// thenAndNow is the path that the cache has, if it does, and the one of now.
func (c *checker) thenAndNow(ctx context.Context, addr netip.Addr, hops int) (paths []netpath.Path, err error) {
	if then, ok := c.tracer.Cached(addr, time.Now()); ok {
		paths = append(paths, then)
	} else {
		fmt.Fprintf(c.Stderr, "netpath: no path to %v is known from before\n", addr)
	}
	c.fresh, c.tracer.Fresh = true, true
	now, err := c.find(ctx, addr, max(hops, 0))
	return append(paths, now), err
}

// render draws paths, or says which probes it would take to find those that
// are not known.
func (c *checker) render(ctx context.Context, paths []netpath.Path, hops int) error {
	var plans []string
	for i := range paths {
		if untold(&paths[i]) {
			plans = append(plans, c.plan(paths[i].Dest, hops)+"\n")
		}
	}
	if len(plans) > 0 {
		_, err := fmt.Fprint(c.Stdout, strings.Join(plans, ""))
		return err
	}
	d := newDrawing(paths, hops, c.names(ctx, paths...))
	if c.plot.IsText(c.Stdout) {
		return d.text(c.Stdout, plot.ScreenOf(c.Stdout, os.Getenv))
	}
	return d.svg(c.Stdout)
}
