package spf

import "strings"

// parseDomain reads a domain-spec: a macro-string that ends in a macro, or in a
// dot and a label that may be that of a top-level domain (RFC 7208 7.1).
func parseDomain(s string) (*MacroString, *SyntaxError) {
	if s == "" {
		return nil, &SyntaxError{Reason: "no domain is given"}
	}
	m, err := parseMacros(s, letters, false)
	if err != nil {
		return nil, err.(*SyntaxError)
	}
	if !endsInMacro(s) && !endsInTopLabel(s) {
		return nil, &SyntaxError{Term: s, Reason: "not a domain: " + whyNoDomain(s)}
	}
	return m, nil
}

// endsInMacro reports whether a valid macro-string ends in a macro. Two
// percent signs are one only if they are not the end of an earlier pair.
func endsInMacro(s string) bool {
	last := false
	for i := 0; i < len(s); i++ {
		if last = s[i] == '%'; !last {
			continue
		}
		if i++; s[i] == '{' {
			i += strings.IndexByte(s[i:], '}')
		}
	}
	return last
}

// endsInTopLabel reports whether s ends in a dot and a toplabel: letters,
// digits and inner hyphens, not digits alone. A final dot is allowed.
func endsInTopLabel(s string) bool {
	s = strings.TrimSuffix(s, ".")
	dot := strings.LastIndexByte(s, '.')
	if dot < 0 {
		return false
	}
	label := s[dot+1:]
	return isLabel(label) && strings.Trim(label, "0123456789") != ""
}

// isLabel reports whether s is made of letters, digits and inner hyphens: a
// sub-domain of RFC 5321 4.1.2.
func isLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlpha(c) && !isDigit(c) && c != '-' {
			return false
		}
	}
	return true
}

func whyNoDomain(s string) string {
	name := strings.TrimSuffix(s, ".")
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return "it has one label only"
	}
	if strings.Trim(name[dot+1:], "0123456789") == "" {
		return "its last label has no letter (addresses need ip4: or ip6:)"
	}
	return "its last label may have letters, digits and inner hyphens alone"
}
