package main

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"postern/lib/conf"
	"postern/lib/greylist"
	"postern/lib/record"
)

// list prints what is on the lists as records: the whitelist in its order, then
// the strangers by their addresses.
func (j *job) list(operands []string) error {
	filters, err := parseFilters(operands)
	if err != nil {
		return err
	}
	white, err := j.store.Whitelist(func(line string, err error) {
		fmt.Fprintf(j.Stderr, "greylist: %.80q: %v (ignored)\n", line, err)
	})
	if err != nil {
		return err
	}
	for i := range white {
		if err := j.print(filters, entryRecord(&white[i])); err != nil {
			return err
		}
	}
	var strangers []greylist.Stranger
	err = j.store.EachStranger(context.Background(), j.now(), func(g greylist.Stranger) { strangers = append(strangers, g) })
	slices.SortFunc(strangers, compareStrangers)
	for i := range strangers {
		if err := j.print(filters, strangerRecord(&strangers[i])); err != nil {
			return err
		}
	}
	return err
}

func compareStrangers(a, b greylist.Stranger) int {
	return cmp.Or(compareNames(a.Remote, b.Remote), compareNames(a.Local, b.Local), strings.Compare(a.Recipient, b.Recipient))
}

// compareNames compares addresses as such, and puts them in front of words.
func compareNames(a, b string) int {
	x, errA := netip.ParseAddr(a)
	y, errB := netip.ParseAddr(b)
	switch {
	case errA == nil && errB == nil:
		return x.Compare(y)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return strings.Compare(a, b)
}

// print writes a record that the filters let through.
func (j *job) print(filters []filter, r record.Record) error {
	for _, f := range filters {
		if !f.matches(&r) {
			return nil
		}
	}
	if j.JSON {
		_, err := j.Stdout.Write(append(r.AppendJSON(nil), '\n'))
		return err
	}
	_, err := fmt.Fprintln(j.Stdout, r.String())
	return err
}

// entryRecord is a line of the whitelist.
func entryRecord(e *greylist.Entry) (r record.Record) {
	r.Set("greylist", greylist.White.String())
	switch e.Kind {
	case greylist.Net:
		r.Set("client_address", e.Net.String())
	case greylist.Host:
		r.Set("client_name", e.Word)
	case greylist.Sender:
		r.Set("sender", e.Word)
	case greylist.Domain:
		r.Set("spf_domain", e.Word)
	case greylist.Recipient:
		r.Set("recipient", e.Word)
	}
	if e.Name != "" {
		r.Set("client", e.Name)
	}
	if !e.Since.IsZero() {
		r.Set("time", e.Since.UTC().Format(time.RFC3339))
	}
	return r
}

// strangerRecord is one who has come and has not passed.
func strangerRecord(g *greylist.Stranger) (r record.Record) {
	g.Decision.Record(&r)
	r.Set("server_address", g.Local)
	if _, err := netip.ParseAddr(g.Remote); err == nil {
		r.Set("client_address", g.Remote)
	} else {
		r.Set("spf_domain", g.Remote)
	}
	r.Set("recipient", g.Recipient)
	r.Set("time", g.First.UTC().Format(time.RFC3339))
	return r
}

// A filter is an attribute that a record must have: name=value, where * at the
// ends of the value stands for anything, and case does not matter, as it does not
// on the lists. A client_address may be a network, with which that of the record
// must have something in common.
type filter struct {
	name, value string
	net         netip.Prefix
}

func parseFilters(operands []string) (list []filter, err error) {
	for _, word := range operands {
		name, value, ok := strings.Cut(word, "=")
		if _, known := record.Find(name); !ok || !known {
			return nil, fmt.Errorf("%w: %q is not attribute=value", errUsage, word)
		}
		f := filter{name: name, value: strings.ToLower(value)}
		if name == "client_address" && !strings.Contains(value, "*") {
			if f.net, err = conf.ParseNet(value); err != nil {
				return nil, fmt.Errorf("%w: %w", errUsage, err)
			}
		}
		list = append(list, f)
	}
	return list, nil
}

func (f *filter) matches(r *record.Record) bool {
	got, ok := r.Lookup(f.name)
	if !ok {
		return false
	}
	if f.net.IsValid() {
		net, err := conf.ParseNet(got)
		return err == nil && net.Overlaps(f.net)
	}
	got = strings.ToLower(got)
	want, tail := strings.CutPrefix(f.value, "*")
	want, head := strings.CutSuffix(want, "*")
	switch {
	case head && tail:
		return strings.Contains(got, want)
	case head:
		return strings.HasPrefix(got, want)
	case tail:
		return strings.HasSuffix(got, want)
	}
	return got == want
}
