package header

import "strings"

// ReceivedSPFHosts returns the hosts of which the body of a Received-SPF field
// says that they are the receiver (RFC 7208 9.1): each receiver=, and the word
// before the colon that comments begin with by custom. They are in lower case
// and without a final dot. There are none where nobody is named.
//
//	pass (mx.example.net: 192.0.2.1 may send) receiver=mx.example.net; ...
func ReceivedSPFHosts(body string) (hosts []string) {
	add := func(host string) {
		if host != "" {
			hosts = append(hosts, strings.ToLower(strings.TrimSuffix(host, ".")))
		}
	}
	for body != "" {
		switch body[0] {
		case '(':
			rest := skipComment(body)
			add(commentHost(body[1 : len(body)-len(rest)]))
			body = rest
		case ' ', '\t', '\r', '\n', ';':
			body = body[1:]
		default:
			var key, value string
			if key, value, body = pair(body); strings.EqualFold(key, "receiver") {
				add(value)
			}
		}
	}
	return hosts
}

// commentHost is the word in front of a comment's first colon.
func commentHost(comment string) string {
	host, _, ok := strings.Cut(comment, ":")
	if host = strings.Trim(host, blanks); !ok || strings.ContainsAny(host, blanks) {
		return ""
	}
	return host
}

// pair takes a word, or key=value with blanks and comments round the sign, off
// the front of a body. The value may be a quoted string.
func pair(body string) (key, value, rest string) {
	key, rest = atom(body, blanks+";(=")
	behind := skipBlanks(rest)
	if !strings.HasPrefix(behind, "=") {
		return key, "", rest
	}
	rest = skipBlanks(behind[1:])
	if strings.HasPrefix(rest, `"`) {
		behind = skipQuoted(rest)
		return key, unquote(rest[:len(rest)-len(behind)]), behind
	}
	value, rest = atom(rest, blanks+";(")
	return key, value, rest
}

const blanks = " \t\r\n"

// atom cuts what stands before any of these octets.
func atom(s, end string) (word, rest string) {
	if i := strings.IndexAny(s, end); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// skipBlanks gives what is behind blanks and comments.
func skipBlanks(s string) string {
	s = strings.TrimLeft(s, blanks)
	for strings.HasPrefix(s, "(") {
		s = strings.TrimLeft(skipComment(s), blanks)
	}
	return s
}
