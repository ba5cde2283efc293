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
	case TypeNS, TypeCNAME, TypePTR:
		return m.fields(words, "n")
	case TypeMX:
		return m.fields(words, "2n")
	case TypeSRV:
		return m.fields(words, "222n")
	case TypeSOA:
		return m.fields(words, "nn4tttt")
	case TypeDS:
		return m.fields(words, "211x")
	case TypeTLSA:
		return m.fields(words, "111x")
	case TypeCAA:
		return caaData(words)
	case TypeTXT:
		return textData(words)
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

// fields reads the words as the letters of form say: 1, 2 and 4 are numbers of so
// many octets, t is a time, n a name, x hexadecimal to the end. That may
// be empty, since a server's may, and what a Recorder wrote is read again.
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
			var ttl, good = parseTTL(field)
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

// textData reads strings. There may be none, for the same reason.
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
	return flags + " " + words[1].text + " " + string(appendQuoted(nil, []byte(Unescape(words[2].text)))), ok
}
