package dns

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
)

// data puts the words of a record into the form that data of a message has.
func (m *master) data(t Type, words []word) (string, bool) {
	if len(words) > 1 && words[0].text == `\#` {
		return generic(t, words[1:])
	}
	switch t {
	case TypeA, TypeAAAA:
		return addressData(t, words)
	case TypeCAA:
		return caaData(words)
	case TypeTXT:
		return textData(words)
	}
	if form := dataForm(t); form != "" {
		return m.fields(words, form)
	}
	return "", false
}

func addressData(t Type, words []word) (string, bool) {
	if len(words) != 1 {
		return "", false
	}
	addr, err := netip.ParseAddr(words[0].text)
	return addr.String(), err == nil && addr.Zone() == "" && addr.Is4() == (t == TypeA)
}

// fields reads the words as the letters of a dataForm say; a time may have units.
// Hexadecimal digits may be missing: the data of a server's record may end there,
// and what a Recorder wrote of it is read again.
func (m *master) fields(words []word, form string) (string, bool) {
	fields := make([]string, 0, len(form))
	for i := range len(form) {
		if form[i] == 'x' {
			digits, ok := hexData(words[i:])
			return strings.Join(append(fields, digits), " "), ok
		}
		if i >= len(words) {
			return "", false
		}
		field, ok := words[i].text, false
		switch form[i] {
		case 'n':
			field, ok = m.name(field)
		case 't':
			ttl, good := parseTTL(field)
			field, ok = strconv.FormatInt(int64(ttl.Seconds()), 10), good
		default:
			field, ok = numberData(field, 8*int(form[i]-'0'))
		}
		if !ok {
			return "", false
		}
		fields = append(fields, field)
	}
	return strings.Join(fields, " "), len(words) == len(form)
}

func numberData(s string, bits int) (string, bool) {
	n, err := strconv.ParseUint(s, 10, bits)
	return strconv.FormatUint(n, 10), err == nil
}

// hexData joins words of hexadecimal digits.
func hexData(words []word) (string, bool) {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(strings.ToLower(w.text))
	}
	_, err := hex.DecodeString(b.String())
	return b.String(), err == nil
}

// generic reads the form of RFC 3597 5, the length and then hexadecimal digits.
// Types that have a form of their own must be written in it.
func generic(t Type, words []word) (string, bool) {
	n, err := strconv.Atoi(words[0].text)
	if err != nil || !strings.HasPrefix(t.String(), "TYPE") {
		return "", false
	}
	if n == 0 {
		return `\# 0 `, len(words) == 1
	}
	digits, ok := hexData(words[1:])
	return `\# ` + strconv.Itoa(n) + " " + digits, ok && len(digits) == 2*n
}

// textData reads the strings of a TXT record. There may be none, as in fields.
func textData(words []word) (string, bool) {
	var b []byte
	for i, w := range words {
		s := Unescape(w.text)
		if len(s) > 255 {
			return "", false
		}
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendQuoted(b, []byte(s))
	}
	return string(b), true
}

func caaData(words []word) (string, bool) {
	if len(words) != 3 {
		return "", false
	}
	flags, ok := numberData(words[0].text, 8)
	tag := Unescape(words[1].text)
	b := appendOctets([]byte(flags+" "), []byte(tag))
	b = appendQuoted(append(b, ' '), []byte(Unescape(words[2].text)))
	return string(b), ok && tag != ""
}
