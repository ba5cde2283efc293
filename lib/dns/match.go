package dns

import "strings"

// MatchDomain says whether a pattern of a configuration covers a domain: "dom"
// is dom alone, "*.dom" is dom and all below it. Upper and lower case are one,
// and so are a domain in UTF-8 and its A-labels (RFC 5890 2.3.2.4), on either
// side.
func MatchDomain(pattern, domain string) bool { return covers(pattern, ToASCII(domain)) }

// MatchDomains says whether one of the patterns covers the domain.
func MatchDomains(patterns []string, domain string) bool {
	domain = ToASCII(domain)
	for _, p := range patterns {
		if covers(p, domain) {
			return true
		}
	}
	return false
}

// covers is MatchDomain for a domain as ToASCII has it. Most patterns need no
// more than the comparison: there may be thousands.
func covers(pattern, domain string) bool {
	if !isASCII(pattern) {
		pattern = ToASCII(pattern)
	}
	base, below := strings.CutPrefix(pattern, "*.")
	if !below || len(domain) <= len(base) {
		return strings.EqualFold(base, domain)
	}
	i := len(domain) - len(base)
	return domain[i-1] == '.' && strings.EqualFold(domain[i:], base)
}
