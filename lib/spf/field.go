package spf

import (
	"net/netip"
	"strings"
)

// maxValue bounds what a peer contributes to a field: a path is no longer
// (RFC 5321 4.5.3.1.3).
const maxValue = 256

// Received returns the body of a Received-SPF field (RFC 7208 9.1), in pieces
// between which it may be folded:
//
//	pass
//	(mx.example.net: 192.0.2.1 may send mail from example.org)
//	receiver=mx.example.net; client-ip=192.0.2.1;
//	envelope-from="a@example.org"; helo=out.example.org;
//	identity=mailfrom; mechanism="ip4:192.0.2.0/24"
//
// receiver is the name of this host, sender and helo are what the client said.
// Nothing of a peer in it can end the line or what it stands in.
func (r *Result) Received(receiver string, ip netip.Addr, sender, helo string) []string {
	pieces := []string{r.Code.String(), "(" + comment(receiver+": "+r.Meaning(ip)) + ")"}
	pair := func(key, value string) {
		if value != "" {
			pieces[len(pieces)-1] += ";"
			pieces = append(pieces, key+"="+word(value))
		}
	}
	pieces = append(pieces, "receiver="+word(receiver))
	pair("client-ip", ip.String())
	if sender == "" {
		sender = "<>"
	}
	pair("envelope-from", sender)
	pair("helo", helo)
	pair("identity", r.Identity.String())
	pair("mechanism", r.Mechanism)
	pair("problem", r.Problem)
	return pieces
}

// AuthResult returns what an Authentication-Results field says of the result
// (RFC 8601 2.2, 2.7.2), in pieces between which it may be folded:
//
//	spf=pass
//	(192.0.2.1 may send mail from example.org)
//	smtp.mailfrom=a@example.org
//
// The last is the domain alone where the grammar has no room for the address.
func (r *Result) AuthResult(ip netip.Addr) []string {
	pieces := []string{"spf=" + r.Code.String(), "(" + comment(r.Meaning(ip)) + ")"}
	switch {
	case len(r.Domain) > maxName || !isToken(r.Domain):
		return pieces
	case r.Identity == HELO:
		return append(pieces, "smtp.helo="+r.Domain)
	case len(r.Sender) <= maxValue && isDomainName(r.Domain) && isAtom(strings.TrimSuffix(r.Sender, "@"+r.Domain)):
		return append(pieces, "smtp.mailfrom="+r.Sender)
	}
	return append(pieces, "smtp.mailfrom="+r.Domain)
}

// Meaning says in words what the result means: "192.0.2.1 may not send mail
// from example.org". Names in it are as they came, and may hold anything.
func (r *Result) Meaning(ip netip.Addr) string {
	client, domain := ip.String(), r.Domain
	rule := ""
	if r.Rule != Published {
		rule = ", by " + r.Rule.String()
	}
	switch r.Code {
	case Pass:
		return client + " may send mail from " + domain + rule
	case Fail:
		return client + " may not send mail from " + domain + rule
	case SoftFail:
		return client + " probably may not send mail from " + domain + rule
	case Neutral:
		return domain + " does not say whether " + client + " may send mail from it" + rule
	case TempError:
		return "whether " + client + " may send mail from " + domain + " cannot be found out now" + rule
	case PermError:
		return "what " + domain + " publishes cannot be understood" + rule
	}
	if domain == "" {
		return "there is no domain to ask about"
	}
	return domain + " does not say who may send mail from it" + rule
}

// word is a value in a field: a dot-atom as it is, anything else quoted
// (RFC 5322 3.2.3, 3.2.4).
func word(s string) string {
	s = printable(s)
	if isAtom(s) {
		return s
	}
	b := []byte{'"'}
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(append(b, '"'))
}

// comment is text in a comment (RFC 5322 3.2.2): what could end or nest it is
// taken out.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '(' || r == ')' || r == '\\' {
			return '?'
		}
		return r
	}, printable(s))
}

// printable makes a text fit for a field: not too long, printable ASCII.
func printable(s string) string { return onlyPrintable(s[:min(len(s), maxValue)]) }

// isAtom reports whether s is a dot-atom-text (RFC 5322 3.2.3).
func isAtom(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isAlpha(c) && !isDigit(c) && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0 {
				return false
			}
		}
	}
	return true
}

// isToken reports whether s is a dot-atom-text that is a token as well, the
// plainest value of Authentication-Results (RFC 2045 5.1, RFC 8601 2.2).
func isToken(s string) bool { return isAtom(s) && !strings.ContainsAny(s, "/=?") }

// isDomainName reports whether s can stand behind a local part in
// Authentication-Results (RFC 6376 3.5, RFC 8601 2.2).
func isDomainName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return strings.IndexByte(s, '.') > 0
}
