package spf

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"postern/lib/dns"
)

// maxHostsLine bounds a line of a hosts file.
const maxHostsLine = 64 << 10

// Hosts are records for domains that publish none (spfhosts). A nil *Hosts has
// none.
type Hosts struct {
	records map[string]*Record // by name, or by suffix with its dot
}

// ParseHosts reads lines of the form
//
//	domain: rules
//
// A domain that begins with a dot stands for all below it, not for itself; of
// several the longest counts. Empty lines and those that begin with # are
// ignored. file is the name for errors, which begin with it and the line; all
// faults are reported.
func ParseHosts(r io.Reader, file string) (*Hosts, error) {
	h := &Hosts{records: make(map[string]*Record)}
	var faults []error
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxHostsLine)
	for n := 1; sc.Scan(); n++ {
		if err := h.line(strings.TrimSpace(sc.Text())); err != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", file, n, err))
		}
	}
	if err := sc.Err(); err != nil {
		faults = append(faults, fmt.Errorf("%s: %w", file, err))
	}
	return h, errors.Join(faults...)
}

func (h *Hosts) line(s string) error {
	if s == "" || s[0] == '#' {
		return nil
	}
	domain, rules, ok := strings.Cut(s, ":")
	if !ok || strings.ContainsAny(domain, " \t") || domain == "" {
		return fmt.Errorf("want domain: rules")
	}
	r, err := ParseRules(strings.TrimSpace(strings.ReplaceAll(rules, "\t", " ")))
	if err != nil {
		return err
	}
	domain = dns.ToASCII(domain)
	if h.records[domain] != nil {
		return fmt.Errorf("a second line for %s", domain)
	}
	h.records[domain] = r
	return nil
}

// Find returns the record for a domain, or nil.
func (h *Hosts) Find(domain string) *Record {
	if h == nil {
		return nil
	}
	if r := h.records[domain]; r != nil {
		return r
	}
	for {
		dot := strings.IndexByte(domain, '.')
		if dot < 0 {
			return nil
		}
		if r := h.records[domain[dot:]]; r != nil {
			return r
		}
		domain = domain[dot+1:]
	}
}
