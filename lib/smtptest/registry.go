package smtptest

import (
	"fmt"
	"strings"
)

// CheckReplyLine checks what every line of every reply has to be: a code, a
// blank or a hyphen, at most 512 octets with CRLF (RFC 5321 4.2, 4.5.3.1.5),
// and an enhanced code, if there is one, that is registered for its class.
func CheckReplyLine(line string) error {
	if len(line) < 4 || strings.Trim(line[:3], "0123456789") != "" || line[3] != ' ' && line[3] != '-' {
		return fmt.Errorf("no reply line: %q", line)
	}
	if len(line) > 510 {
		return fmt.Errorf("reply line of %d octets", len(line)+2)
	}
	word, _, _ := strings.Cut(line[4:], " ")
	if strings.Count(word, ".") != 2 || strings.Trim(word, "0123456789.") != "" {
		return nil
	}
	return CheckEnhanced(line[:3], word)
}

// CheckEnhanced checks that an enhanced code is in the IANA registry, that its
// class is that of the reply code, and one for which the registry or RFC 3463
// means it.
func CheckEnhanced(code, enhanced string) error {
	class, detail, _ := strings.Cut(enhanced, ".")
	if class != code[:1] {
		return fmt.Errorf("%s %s: the classes differ", code, enhanced)
	}
	classes := Classes(detail)
	switch {
	case classes == "":
		return fmt.Errorf("%s %s: not registered", code, enhanced)
	case !strings.Contains(classes, class):
		return fmt.Errorf("%s %s: only for class %s", code, enhanced, classes)
	}
	return nil
}

// Classes returns the classes in which "1.1" or another registered detail may
// stand: "45". It is "" for one that is not registered.
func Classes(detail string) string {
	for _, row := range registry {
		for d := range strings.FieldsSeq(row.details) {
			if d == detail {
				return row.classes
			}
		}
	}
	return ""
}

// registry is IANA's "SMTP Enhanced Status Codes" as of December 2024. A class
// is allowed when an associated basic status code has it, or where RFC 3463
// does not say that the detail is for another class alone.
var registry = []struct{ classes, details string }{
	{"245", "0.0 1.0 2.0 3.0 5.0 7.0"},
	{"45", "4.0 6.0"},

	{"45", "1.1 1.4 1.8"},
	{"5", "1.2 1.3 1.6 1.7 1.10"},
	{"2", "1.5"},
	{"25", "1.9"},

	{"45", "2.1 2.2 2.4"},
	{"5", "2.3"},

	{"4", "3.1"},
	{"45", "3.2 3.3 3.4 3.5"},
	{"2", "3.6"},

	{"4", "4.1 4.2 4.5"},
	{"45", "4.3 4.4 4.6 4.7"},

	{"45", "5.1 5.3 5.4"},
	{"5", "5.2 5.5 5.6"},

	{"5", "6.1 6.2 6.3 6.6 6.7 6.9"},
	{"25", "6.4 6.8"},
	{"45", "6.5"},

	{"45", "7.1 7.5 7.6 7.7 7.24 7.28"},
	{"5", "7.2 7.3 7.4 7.8 7.9 7.10 7.11 7.13 7.14 7.17 7.18 7.19"},
	{"4", "7.12 7.15 7.16"},
	{"5", "7.20 7.21 7.22 7.23 7.25 7.26 7.27 7.29 7.30"},
}
