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
	if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	digits := 0
	for i := range len(label) {
		switch c := label[i]; {
		case isDigit(c):
			digits++
		case !isAlpha(c) && c != '-':
			return false
		}
	}
	return digits < len(label)
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
