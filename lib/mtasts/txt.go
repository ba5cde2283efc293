package mtasts

import "strings"

// txtVersion begins a TXT record that says there is a policy (RFC 8461 3.1).
const txtVersion = "v=STSv1"

// maxID is the length of the longest id (RFC 8461 3.1).
const maxID = 32

// Label stands in front of a domain to name the TXT record of its policy's id.
const Label = "_mta-sts."

// Host is the label of the host that a domain's policy is fetched from.
const Host = "mta-sts."

// Path is where on that host the policy is.
const Path = "/.well-known/mta-sts.txt"

// ID returns the id in a domain's TXT records under _mta-sts (RFC 8461 3.1);
// false when there is no record, or more than one, and so no policy.
func ID(txt []string) (id string, ok bool) {
	var record string
	n := 0
	for _, t := range txt {
		if rest, ok := strings.CutPrefix(t, txtVersion); ok && strings.HasPrefix(strings.TrimLeft(rest, " \t"), ";") {
			record, n = rest, n+1
		}
	}
	if n != 1 {
		return "", false
	}
	for field := range strings.SplitSeq(record, ";") {
		name, value, _ := strings.Cut(strings.Trim(field, " \t"), "=")
		if name == "id" {
			return value, validID(value)
		}
	}
	return "", false
}

// validID keeps to 1*32(ALPHA / DIGIT).
func validID(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; !('a' <= c && c <= 'z' || '0' <= s[i] && s[i] <= '9') {
			return false
		}
	}
	return 0 < len(s) && len(s) <= maxID
}
