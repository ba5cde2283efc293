package dns

// Text returns what a TXT record says: the strings of its data joined without
// a blank (RFC 7208 3.3), escapes undone.
func Text(data string) string { return unquote(data) }

// ASCII returns the name in the form in which it is asked for: labels that are
// not ASCII as A-labels (RFC 5890 2.3.2.1). Nothing else is changed.
func ASCII(name string) string { return toASCII(name) }
