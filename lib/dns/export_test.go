package dns

import "time"

// For the tests, which stand outside because dnstest imports this package.

func (c *Config) MixCase()                    { c.mix = true }
func (c *Config) Clock(now func() time.Time)  { c.now = now }
func HostsFile(resolv, hosts string) Resolver { return systemOf(resolv, hosts).lookups() }

func systemOf(resolv, hosts string) *system {
	return &system{resolv: watched{name: resolv}, hosts: watched{name: hosts}, now: time.Now}
}
