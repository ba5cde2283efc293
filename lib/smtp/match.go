package smtp

import "strings"

// MatchDomain says whether a pattern of a configuration covers a domain, in
// upper or lower case: "dom" is dom alone, "*.dom" is dom and all below it.
func MatchDomain(pattern, domain string) bool {
	base, below := strings.CutPrefix(pattern, "*.")
	if !below || len(domain) <= len(base) {
		return strings.EqualFold(base, domain)
	}
	i := len(domain) - len(base)
	return domain[i-1] == '.' && strings.EqualFold(domain[i:], base)
}

// MatchDomains says whether one of the patterns covers the domain.
func MatchDomains(patterns []string, domain string) bool {
	for _, p := range patterns {
		if MatchDomain(p, domain) {
			return true
		}
	}
	return false
}
