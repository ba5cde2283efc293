package dns

import (
	"net/netip"
	"time"
)

// For the tests, which stand outside because dnstest imports this package.

func (c *Config) MixCase()                    { c.mix = true }
func (c *Config) Clock(now func() time.Time)  { c.now = now }
func HostsFile(resolv, hosts string) Resolver { return systemOf(resolv, hosts).lookups() }

// SystemOf returns the system's resolver with a server in place of
// /etc/resolv.conf, which cannot name a port.
func SystemOf(server netip.AddrPort, hosts string) Resolver {
	s := systemOf("/nonexistent", hosts)
	s.refresh()
	s.checked = s.now().Add(time.Hour)
	s.client = newClient(Config{Servers: []netip.AddrPort{server}})
	return s.lookups()
}

func systemOf(resolv, hosts string) *system {
	return &system{resolv: watched{name: resolv}, hosts: watched{name: hosts}, now: time.Now}
}
