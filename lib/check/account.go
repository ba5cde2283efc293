package check

import (
	"fmt"
	"strings"

	"postern/lib/smtp"
)

// accounts are patterns of senders:
//
//	dom, dom!, @dom       dom is the domain, or a hop of a bang path in the local part
//	*.dom, *.dom!         dom or a domain below it, likewise
//	!user, *!user, user@  that user of any domain
//	dom!user, user@dom    that user of that domain
//	*.dom!user            that user of dom or of a domain below it
//
// A user that ends in * stands for all that begin so. Case does not count.
// Each pattern is kept in the one form domain!user, * and blanks left out
// where anything goes, so that a look-up makes the few patterns that would
// match and asks for each.
type accounts struct {
	patterns map[string]entry
	prefixes [maxPrefix + 1]bool // lengths of users that end in *
}

// maxPrefix is how long a user that ends in * may be: a local part has at most
// so many octets (RFC 5321 4.5.3.1.1).
const maxPrefix = 64

func newAccounts() accounts { return accounts{patterns: make(map[string]entry)} }

// add takes a pattern. Those that match everybody are refused: they are
// mistakes, and dear ones.
func (a *accounts) add(pattern string, e entry) error {
	domain, user, err := splitPattern(strings.ToLower(pattern))
	if err != nil {
		return err
	}
	if prefix, ok := strings.CutSuffix(user, "*"); ok {
		if len(prefix) > maxPrefix {
			return fmt.Errorf("%q is too long", pattern)
		}
		a.prefixes[len(prefix)] = true
	}
	key := domain + "!" + user
	a.patterns[key] = a.patterns[key].better(e)
	return nil
}

// splitPattern gives the domain and the user of a pattern, empty for any.
func splitPattern(pattern string) (domain, user string, err error) {
	var ok bool
	if user, domain, ok = strings.Cut(pattern, "@"); !ok {
		domain, user, _ = strings.Cut(pattern, "!")
	}
	if domain == "*" {
		domain = ""
	}
	if user == "*" {
		user = ""
	}
	base := strings.TrimSuffix(strings.TrimPrefix(domain, "*."), ".")
	switch {
	case domain == "" && user == "":
		return "", "", fmt.Errorf("%q would match every sender, and is passed over", pattern)
	case strings.ContainsAny(base, "*!@") || domain != "" && base == "" || strings.Contains(strings.TrimSuffix(user, "*"), "*"):
		return "", "", fmt.Errorf("%q is no pattern of senders: a * may stand for the front of a domain or the end of a user", pattern)
	}
	return domain, user, nil
}

// find is the entry that counts for a sender.
func (a *accounts) find(m smtp.Mailbox) (best entry) {
	if len(a.patterns) == 0 || m.IsZero() {
		return entry{}
	}
	hops := strings.Split(strings.ToLower(m.Local), "!")
	user := hops[len(hops)-1]
	hops = hops[:min(len(hops)-1, maxHops)]
	users := a.users(user)
	for domain := range domainPatterns(strings.ToLower(m.Domain)) {
		best = best.better(a.patterns[domain+"!"])
		for _, u := range users {
			best = best.better(a.patterns[domain+"!"+u])
		}
	}
	for _, u := range users {
		best = best.better(a.patterns["!"+u])
	}
	for _, hop := range hops {
		for domain := range domainPatterns(hop) {
			best = best.better(a.patterns[domain+"!"])
		}
	}
	return best
}

// maxHops is how many hops of a bang path are looked at.
const maxHops = 16

// users are the patterns of users that a user matches.
func (a *accounts) users(user string) []string {
	list := []string{user}
	for n := 0; n <= min(maxPrefix, len(user)); n++ {
		if a.prefixes[n] {
			list = append(list, user[:n]+"*")
		}
	}
	return list
}

// domainPatterns yields the patterns that a domain matches: itself, and "*."
// in front of it and of each domain above it.
func domainPatterns(domain string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		domain = strings.TrimSuffix(domain, ".")
		if domain == "" || !yield(domain) {
			return
		}
		for ok := true; ok; _, domain, ok = strings.Cut(domain, ".") {
			if !yield("*." + domain) {
				return
			}
		}
	}
}
