package header

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const (
	// maxPhrase bounds a name, in octets: encoded it stays within one line
	// (RFC 5322 2.1.1).
	maxPhrase = 400
	// maxWord bounds the octets that fit in an encoded word (RFC 2047 section 2).
	maxWord = 45
)

// Phrase is a name as it stands in front of an address (RFC 5322 3.2.5): a
// quoted string or, since a field in UTF-8 would need SMTPUTF8 at each hop,
// encoded words where it is not ASCII (RFC 2047). Controls become blanks. It is
// "" for a name that is empty, is no UTF-8 or has more than 400 octets.
func Phrase(name string) string {
	if name == "" || len(name) > maxPhrase || !utf8.ValidString(name) {
		return ""
	}
	ascii := true
	name = strings.Map(func(r rune) rune {
		ascii = ascii && r < utf8.RuneSelf
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, name)
	if ascii {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	var words []string
	for name != "" {
		n := min(len(name), maxWord)
		for n < len(name) && !utf8.RuneStart(name[n]) {
			n--
		}
		words = append(words, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(name[:n]))+"?=")
		name = name[n:]
	}
	return strings.Join(words, " ")
}
