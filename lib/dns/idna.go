package dns

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// acePrefix begins an A-label (RFC 5890 2.3.2.5).
const acePrefix = "xn--"

// toASCII turns the labels that are not ASCII into A-labels (RFC 5890 2.3.2.1).
// They are encoded as they stand, as RFC 5891 5 wants it from a client that
// does no mapping: mail addresses hold U-labels already (RFC 6531 3.2).
// A name that is too long comes back as it is.
func toASCII(name string) string {
	if isASCII(name) || len(name) > 4*maxName {
		return name
	}
	labels := strings.Split(name, ".")
	for i, label := range labels {
		if !isASCII(label) {
			labels[i] = acePrefix + punycode([]rune(label))
		}
	}
	return strings.Join(labels, ".")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Parameters of Punycode (RFC 3492 5).
const (
	punyBase = 36
	punyTMin = 1
	punyTMax = 26
	punySkew = 38
	punyDamp = 700
)

// punycode encodes a label (RFC 3492 6.3). Labels are short: nothing overflows.
func punycode(label []rune) string {
	var out []byte
	for _, r := range label {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(128), 0, 72
	for done := basic; done < len(label); {
		m := nextRune(label, n)
		delta += int(m-n) * (done + 1)
		for _, r := range label {
			if r < m {
				delta++
			}
			if r == m {
				out = appendDelta(out, delta, bias)
				bias = adapt(delta, done+1, done == basic)
				delta = 0
				done++
			}
		}
		delta++
		n = m + 1
	}
	return string(out)
}

// nextRune is the smallest rune of the label that is at least n.
func nextRune(label []rune, n rune) rune {
	m := rune(utf8.MaxRune)
	for _, r := range label {
		if r >= n {
			m = min(m, r)
		}
	}
	return m
}

// appendDelta writes a number with variable length (RFC 3492 3.3).
func appendDelta(out []byte, q, bias int) []byte {
	for k := punyBase; ; k += punyBase {
		t := min(max(k-bias, punyTMin), punyTMax)
		if q < t {
			return appendDigit(out, q)
		}
		out = appendDigit(out, t+(q-t)%(punyBase-t))
		q = (q - t) / (punyBase - t)
	}
}

func appendDigit(out []byte, d int) []byte {
	if d < 26 {
		return append(out, byte('a'+d))
	}
	return strconv.AppendInt(out, int64(d-26), 10)
}

// adapt is RFC 3492 6.1.
func adapt(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (punyBase-punyTMin)*punyTMax/2; k += punyBase {
		delta /= punyBase - punyTMin
	}
	return k + (punyBase-punyTMin+1)*delta/(delta+punySkew)
}
