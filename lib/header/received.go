package header

import (
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// maxIdentity bounds a name of who the client is, in octets.
const maxIdentity = 128

// Received is the trace field that a server puts in front of a message
// (RFC 5321 4.4). A part that is missing is left out.
type Received struct {
	Helo string     // the client's argument of HELO or EHLO
	Name string     // the client's name, as DNS confirms it; "" if it does not
	Addr netip.Addr // the client's address
	By   string     // our own name
	With string     // "SMTP", "ESMTPS" ...: see Protocol
	// What is known of who the client is: the word of its identd, the name
	// it authenticated as, the name in its certificate.
	Ident, Auth, Peer string

	TLS  string // version and cipher, for a comment: "TLS1.3 TLS_AES_128_GCM_SHA256"
	ID   string // of the transaction
	For  string // the recipient if it is the only one, as smtp.Mailbox.String gives it
	Date time.Time
}

// Append writes the field with LF, folded at 78 columns where a blank allows
// it. What a token may not hold makes it "unknown", so that nothing of a peer
// can end a comment, a clause or the field.
func (r Received) Append(b []byte) []byte {
	f := folder{b: append(b, "Received:"...), col: len("Received:")}
	words := append([]string{"from " + token(r.Helo) + " (" + r.client()}, r.identities()...)
	words[len(words)-1] += ")"
	for _, w := range words {
		f.add(w)
	}
	f.add("by " + token(r.By))
	if r.With != "" {
		f.add("with " + token(r.With))
	}
	if r.TLS != "" {
		f.add("(" + comment(r.TLS) + ")")
	}
	if r.ID != "" {
		f.add("id " + token(r.ID))
	}
	if isPath(r.For) {
		f.add("for <" + r.For + ">")
	}
	f.b = append(f.b, ';')
	f.col++
	f.add(Date(r.Date))
	return append(f.b, '\n')
}

// client returns the TCP-info: what the connection itself says.
func (r Received) client() string {
	if !r.Addr.IsValid() {
		return "unknown"
	}
	addr := r.Addr.Unmap().WithZone("")
	literal := "[" + addr.String() + "]"
	if addr.Is6() {
		literal = "[IPv6:" + addr.String() + "]"
	}
	if r.Name == "" {
		return literal
	}
	return token(r.Name) + " " + literal
}

// identities are the parts of the comment that say who the client is, in the
// words of ZMailer.
func (r Received) identities() (list []string) {
	for _, part := range []struct{ name, value string }{
		{"ident", r.Ident}, {"smtp-auth", r.Auth}, {"TLS-PEER-CN1", r.Peer},
	} {
		if part.value != "" {
			list = append(list, part.name+`: "`+quoted(part.value)+`"`)
		}
	}
	return list
}

// quoted returns s with a question mark for all that could end a quoted word,
// a comment or the field.
func quoted(s string) string {
	b := []byte(s[:min(len(s), maxIdentity)])
	for i, c := range b {
		if c < ' ' || c >= 0x7f || c == '"' || c == '(' || c == ')' || c == '\\' {
			b[i] = '?'
		}
	}
	return string(b)
}

// Protocol returns the word behind "with" (RFC 3848, RFC 6531 4.3).
func Protocol(lmtp, esmtp, utf8, tls, auth bool) string {
	s := "SMTP"
	switch {
	case lmtp && utf8:
		s = "UTF8LMTP"
	case lmtp:
		s = "LMTP"
	case utf8:
		s = "UTF8SMTP"
	case esmtp || tls || auth:
		s = "ESMTP"
	}
	if tls {
		s += "S"
	}
	if auth {
		s += "A"
	}
	return s
}

// folder writes words, on a new line where they would not fit.
type folder struct {
	b   []byte
	col int
}

func (f *folder) add(word string) {
	if f.col+1+len(word) >= foldAt { // a semicolon may follow
		f.b = append(f.b, '\n', '\t')
		f.col = 8
	} else {
		f.b = append(f.b, ' ')
		f.col++
	}
	f.b = append(f.b, word...)
	f.col += len(word)
}

// token returns s if it is a name, an address literal or the like.
func token(s string) string {
	if s == "" || len(s) > maxToken || !only(s, "._-:[]+=") {
		return "unknown"
	}
	return s
}

// comment returns s with everything taken out that is no plain word.
func comment(s string) string {
	if len(s) > maxToken || !only(s, "._- ") {
		return "unknown"
	}
	return s
}

// only reports that s is made of letters, digits, what stands in more, and
// whole UTF-8, as a name under SMTPUTF8 has it.
func only(s, more string) bool {
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c >= 0xa0 && c != utf8.RuneError:
		case c >= 0x80 || !strings.ContainsRune(more, c):
			return false
		}
	}
	return true
}

// isPath reports that s can stand between angle brackets: not empty, and
// printable. Quotes keep what a local part may hold besides.
func isPath(s string) bool {
	if s == "" || len(s) > maxToken || !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return false
		}
	}
	return true
}
