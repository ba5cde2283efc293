package spf

// MacroString is a text with macros (RFC 7208 7.1).
type MacroString struct {
	text  string
}

// ParseExplanation reads the text of an explanation, in which macros and blanks
// may stand (RFC 7208 6.2).
func ParseExplanation(text string) (*MacroString, error) { return nil, nil }
