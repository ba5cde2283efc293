package dns

import (
	"strings"
	"unicode/utf8"
)

// ToUnicode returns a name as it is written in UTF-8, A-labels as U-labels
// (RFC 5890 2.3.2.1). A label that is the A-label of nothing stays as it is.
func ToUnicode(name string) string {
	if len(name) > maxName || !utf8.ValidString(name) {
		return name
	}
	labels := strings.Split(name, ".")
	for i, label := range labels {
		if len(label) <= len(acePrefix) || !strings.EqualFold(label[:len(acePrefix)], acePrefix) {
			continue
		}
		u, ok := unpunycode(strings.ToLower(label[len(acePrefix):]))
		if ok && ToASCII(u) == strings.ToLower(label) {
			labels[i] = u
		}
	}
	return strings.Join(labels, ".")
}

// unpunycode decodes what punycode made, in lower case (RFC 3492 6.2).
func unpunycode(s string) (string, bool) {
	var out []rune
	if i := strings.LastIndexByte(s, '-'); i > 0 {
		out, s = []rune(s[:i]), s[i+1:]
	}
	n, pos, bias := 128, 0, 72
	for s != "" {
		delta, rest, ok := cutDelta(s, bias)
		if !ok {
			return "", false
		}
		count := len(out) + 1
		bias = adapt(delta, count, pos == 0)
		pos += delta
		n, pos = n+pos/count, pos%count
		if !utf8.ValidRune(rune(n)) {
			return "", false
		}
		out = append(out, 0)
		copy(out[pos+1:], out[pos:])
		out[pos], s = rune(n), rest
		pos++
	}
	return string(out), true
}

// maxDelta is the largest number that a label can need.
const maxDelta = utf8.MaxRune * 64

// cutDelta takes a number of variable length off s (RFC 3492 3.3).
func cutDelta(s string, bias int) (delta int, rest string, ok bool) {
	sum, weight := int64(0), int64(1)
	for i, k := 0, punyBase; i < len(s) && weight <= maxDelta; i, k = i+1, k+punyBase {
		digit := strings.IndexByte("abcdefghijklmnopqrstuvwxyz0123456789", s[i])
		if digit < 0 {
			return 0, "", false
		}
		sum += int64(digit) * weight
		t := min(max(k-bias, punyTMin), punyTMax)
		if digit < t {
			return int(sum), s[i+1:], sum <= maxDelta
		}
		weight *= int64(punyBase - t)
	}
	return 0, "", false
}
