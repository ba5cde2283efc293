package spf

import (
	"strings"

	"postern/lib/dns"
)

// identity is whom the check is about, in the forms that macros need.
type identity struct {
	kind   Identity
	local  string // "postmaster" when there was none (RFC 7208 4.3)
	origin string // the domain, in A-labels and lower case
	helo   string
}

const postmaster = "postmaster"

// identify finds out what is to be checked (RFC 7208 2.4, 4.3).
func identify(sender, helo string) identity {
	id := identity{local: postmaster, helo: helo}
	if sender == "" {
		id.kind = HELO
		id.origin = dns.ToASCII(helo)
		return id
	}
	domain := sender
	if at := strings.LastIndexByte(sender, '@'); at >= 0 {
		domain = sender[at+1:]
		if at > 0 {
			id.local = sender[:at]
		}
	}
	id.origin = dns.ToASCII(domain)
	return id
}

func (id *identity) sender() string { return id.local + "@" + id.origin }

// maxLabel is how long a label of a domain name may be (RFC 1035 2.3.4).
const maxLabel = 63

// checkable reports whether a domain can have a record: it has several labels,
// all of a possible length, and is no address literal (RFC 7208 4.3).
func checkable(domain string) bool {
	literal := strings.HasPrefix(domain, "[") && strings.HasSuffix(domain, "]")
	if len(domain) > maxName || literal || strings.IndexByte(domain, '.') < 0 {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > maxLabel {
			return false
		}
	}
	return true
}
