package main

import (
	"fmt"
	"os"
	"strings"

	"postern/lib/smtp"
)

// hostsFile has the names that the system knows without DNS, see hosts(5).
const hostsFile = "/etc/hosts"

// findHostname returns our own name: that of -h, or the system's, put into its
// domain by .domain or the hosts file. DNS is not asked.
func (c *config) findHostname() (string, error) {
	name := c.host
	if name == "" {
		var err error
		if name, err = os.Hostname(); err != nil {
			return "", fmt.Errorf("no host name: %w; say -h", err)
		}
	}
	name = domainify(strings.TrimSuffix(name, "."), c.suffix)
	if c.host == "" && !strings.Contains(name, ".") {
		name = inHosts(hostsFile, name)
	}
	if err := smtp.ValidHelo(name); err != nil {
		return "", fmt.Errorf("our own name %q: %w; say -h", name, err)
	}
	return name, nil
}

// inHosts returns the name in its domain, as a file in the form of hosts(5) has
// it, or the name itself when it is not there.
func inHosts(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return name
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range strings.Fields(line) {
			if strings.HasPrefix(word, name+".") {
				return strings.TrimSuffix(word, ".")
			}
		}
	}
	return name
}

// domainify puts a host's name without a dot into a domain, of which only what is
// behind the first dot counts, if there is one: ".example.org" and
// "any.example.org" both make mx into mx.example.org.
func domainify(name, domain string) string {
	if domain == "" || strings.Contains(name, ".") {
		return name
	}
	if i := strings.IndexByte(domain, '.'); i >= 0 {
		return name + domain[i:]
	}
	return name + "." + domain
}
