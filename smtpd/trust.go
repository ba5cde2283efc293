package main

import (
	"postern/lib/conf"
	"postern/lib/dns"
	"postern/lib/rbl"
)

// nameRows are about the client's name, and what its host says of it.
var nameRows = []conf.Row[wire]{
	{Name: "TrustedDomain", Args: "domain ...", Repeat: true,
		Value: func(w *wire) conf.Value { return conf.Strings(&w.trustedDomains) },
		Help:  "Clients whose name, confirmed in DNS both ways, is one of these or below one are trusted as those of TrustedNet are. While a name cannot be looked up, who wants to relay is told to come again (451)."},
	{Name: "AllowDNSFail", Args: "[0|1|2]", Default: "2",
		Value: func(w *wire) conf.Value { return conf.Choice(&w.dnsFail, "0", "1", "2") },
		Old:   conf.Old{Avenger: "0"},
		Help:  "What of strangers whose name cannot be looked up for now: 0 sends them away at once (421), 1 at RCPT (451), 2 takes their mail."},
	{Name: "IdentTimeout", Args: "seconds", Default: "0s",
		Value:  func(w *wire) conf.Value { return conf.Duration(&w.identWait) },
		Unsafe: conf.Old{Avenger: "15"},
		Help:   "Ask the client's identd who it is (RFC 1413), and wait so long for it; 0 does not ask."},
}

// wantsName says whether the client's name is to be looked up.
func (c *config) wantsName() bool {
	return c.clientName || len(c.wire.trustedDomains) > 0 || c.wire.dnsFail != "2" || c.origin.asksLists(rbl.ByName)
}

// trustByName trusts a client whose name is below a TrustedDomain. While the name
// cannot be looked up nobody knows.
func (s *session) trustByName() {
	domains := s.conf.wire.trustedDomains
	if len(domains) == 0 || s.facts.Trusted {
		return
	}
	name := s.name.wait(&s.rec)
	for _, d := range domains {
		if name != "" && dns.MatchDomain("*."+d, name) {
			s.facts.Trusted = true
			return
		}
	}
	if err := s.nameError(); err != nil {
		s.facts.Unsure = err
	}
}
