package main

import (
	"bytes"
	"slices"
	"strings"

	"postern/lib/dns"
	"postern/lib/header"
	"postern/lib/place"
	"postern/lib/record"
)

// appendResults writes the fields with the results of our checks on a stranger's
// mail. They stand right below our Received field, by which readers know that
// they are ours (RFC 8601 4.1, 7.1). Mail of trusted clients gets none.
func (s *session) appendResults(b []byte) []byte {
	if s.facts.Trusted || s.batch {
		return b
	}
	o := &s.conf.origin
	if results := s.authResults(); o.authResults && len(results) > 0 {
		b = header.AppendAuthResults(b, o.authserv, results)
	}
	if o.receivedSPF && s.tx.spf != nil {
		res := s.tx.spf.wait()
		b = header.AppendPieces(b, header.ReceivedSPFName,
			res.Received(s.conf.mail.Hostname, s.facts.Client, s.facts.Sender.String(), s.facts.Helo))
	}
	if o.xAvenger {
		b = s.appendXAvenger(b)
	}
	return b
}

// appendXAvenger writes the field by which Mail Avenger told filters what it
// knew of the client.
func (s *session) appendXAvenger(b []byte) []byte {
	s.name.wait(&s.rec)
	s.waitSYN(&s.rec)
	s.waitPath(&s.rec)
	r := s.rec.Clone()
	r.Set("version", place.Version())
	r.Set("server_name", s.conf.mail.Hostname)
	b = append(b, record.XAvengerName+": "...)
	return append(r.AppendXAvenger(b), '\n')
}

// authResults are the results for Authentication-Results.
func (s *session) authResults() (list [][]string) {
	if iprev := s.name.iprev(); iprev != "" {
		list = append(list, []string{"iprev=" + iprev, "policy.iprev=" + s.iprevAddress()})
	}
	if s.tx.spf != nil {
		res := s.tx.spf.wait()
		list = append(list, res.AuthResult(s.facts.Client))
	}
	return list
}

// iprevAddress is the client's address as a value of a property: that of IPv6
// is quoted, since no token has a colon (RFC 8601 2.2).
func (s *session) iprevAddress() string {
	if s.facts.Client.Is4() {
		return s.facts.Client.String()
	}
	return `"` + s.facts.Client.String() + `"`
}

// clean takes the fields out of a stranger's message that claim to be our own
// results (RFC 8601 section 5). Whoever is trusted may write what he likes.
func (s *session) clean(d draft) draft {
	if s.facts.Trusted || s.batch {
		return d
	}
	id, host := s.conf.origin.authserv, s.conf.mail.Hostname
	ours := func(claimed string) bool {
		claimed = dns.ToASCII(claimed) // RFC 8601 5: in whichever form
		return strings.EqualFold(claimed, id) || strings.EqualFold(claimed, host)
	}
	return filterDraft(d, func(f header.Field) ([]byte, error) {
		if claimsOurs(f, ours) {
			return nil, nil
		}
		return f.Text, nil
	})
}

// claimsOurs says whether a field of results claims to be ours, or does not say
// whose it is.
func claimsOurs(f header.Field, ours func(name string) bool) bool {
	switch {
	case f.Is(record.XAvengerName):
		return true
	case f.Is(header.AuthResultsName):
		id := header.AuthservID(f.Body())
		return id == "" || ours(id) || ambiguous(f)
	case f.Is(header.ReceivedSPFName):
		hosts := header.ReceivedSPFHosts(f.Body())
		return len(hosts) == 0 || slices.ContainsFunc(hosts, ours) || ambiguous(f)
	}
	return false
}

// ambiguous says whether another program may read another name in the field
// than we do: one written in C ends the field at a NUL, and of a field that is
// cut we have not seen the end.
func ambiguous(f header.Field) bool {
	return f.Cut() || bytes.IndexByte(f.Text, 0) >= 0
}
