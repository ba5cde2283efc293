package greylist

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"

	"postern/lib/conf"
	"postern/lib/dns"
)

// Kind is what an entry of the whitelist is about.
type Kind uint8

const (
	// Net is a network of clients: 192.0.2.0/24. A bare IPv4 address is its
	// /24, a bare IPv6 address its /64.
	Net Kind = iota
	// Host is verified names of clients: .example.org, and all below it.
	Host
	// Sender is senders: user@example.org, or @example.org.
	Sender
	// Domain is the hosts that SPF lets send for a domain: spf:example.org.
	Domain
	// Recipient is recipients: to:user@example.org, to:user@, to:@example.org.
	Recipient
	kinds
)

// The prefixes of first words.
const (
	domainWord    = "spf:"
	recipientWord = "to:"
)

// Entry is a line of the whitelist:
//
//	net [name] [since=time] [delay=seconds]
//
// or with another first word, see Kind. A ! in front of it withdraws what lines
// above it have said.
type Entry struct {
	Kind      Kind
	Net       netip.Prefix
	Word      string // of the other kinds, in lower case, without spf: and to:
	Withdrawn bool
	Name      string        // for people
	Since     time.Time     // when the client put itself here or came since; zero: a person did
	Delay     time.Duration // after which the client came again, 0 when not known

	bare netip.Addr // that stands for Net
}

// maxLine is the longest line that counts, in octets.
const maxLine = 1000

// errComment is ParseEntry's for lines that say nothing.
var errComment = errors.New("no entry")

// ParseEntry parses a line of the whitelist. A line that begins with a blank
// or #, or is empty, is no entry.
func ParseEntry(line string) (Entry, error) {
	if line == "" || line[0] == '#' || line[0] == ' ' || line[0] == '\t' {
		return Entry{}, errComment
	}
	if len(line) > maxLine {
		return Entry{}, errors.New("line too long")
	}
	words := strings.Fields(line)
	if len(words) == 0 {
		return Entry{}, errComment
	}
	e, err := ParseSubject(words[0])
	if err == nil {
		e.parseRest(words[1:])
	}
	return e, err
}

// maxSubject bounds the first word of a line, in octets: no address is longer
// (RFC 5321 4.5.3.1.3), and a line has room for the others.
const maxSubject = 512

// oneWord says whether a word can be the first of a line, and is read as it was
// written.
func oneWord(word string) bool {
	return word != "" && len(word) <= maxSubject && word[0] != '#' && !strings.ContainsFunc(word, noSubject)
}

// noSubject says whether a rune stands in no subject: an address is written
// without <>.
func noSubject(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == '<' || r == '>'
}

// ParseSubject parses the first word of a line.
func ParseSubject(word string) (e Entry, err error) {
	if !oneWord(word) {
		return e, fmt.Errorf("%.80q cannot be the first word of a line", word)
	}
	word, e.Withdrawn = strings.CutPrefix(word, "!")
	if word = strings.ToLower(word); !e.parseWord(word) {
		err = fmt.Errorf("%q is neither a network, .domain of clients, user@domain, @domain, spf:domain, nor to: with a recipient", word)
	} else if len(e.Subject()) > maxSubject { // it has grown: A-labels and lower case may be longer
		err = fmt.Errorf("%.80q is too long for the first word of a line", word)
	}
	return e, err
}

// parseWord says whether a word, in lower case, is a subject.
func (e *Entry) parseWord(word string) bool {
	switch {
	case strings.HasPrefix(word, domainWord):
		e.Kind, word = Domain, word[len(domainWord):]
	case strings.HasPrefix(word, recipientWord):
		e.Kind, word = Recipient, word[len(recipientWord):]
	case strings.Contains(word, "@"):
		e.Kind = Sender
	case strings.HasPrefix(word, "."):
		e.Kind = Host
	default:
		return e.parseNet(word) == nil
	}
	e.Word = dns.FoldAddress(word)
	return e.Kind.has(e.Word) && !strings.HasSuffix(e.Word, ".") // it had two: an empty label
}

// has says whether a word can be of a kind that is no network.
func (k Kind) has(word string) bool {
	user, domain := cutAddress(word)
	switch address := strings.Contains(word, "@"); k {
	case Sender:
		return domain != ""
	case Recipient:
		return address && user+domain != ""
	default:
		return !address && strings.Trim(word, ".") != ""
	}
}

func (e *Entry) parseNet(word string) (err error) {
	if addr, err := netip.ParseAddr(word); err == nil {
		e.bare = plain(addr)
		e.Net = usualNet(e.bare)
		return nil
	}
	e.Net, err = conf.ParseNet(word)
	return err
}

// parseRest reads what stands behind the first word. Of words that are not
// understood, all are the name.
func (e *Entry) parseRest(words []string) {
	name := 0
	for _, word := range words {
		if t, ok := strings.CutPrefix(word, "since="); ok {
			e.Since, _ = time.Parse(time.RFC3339, t)
		} else if n, ok := strings.CutPrefix(word, "delay="); ok {
			e.Delay = parseSeconds(n)
		} else {
			words[name] = word
			name++
		}
	}
	e.Name = strings.Join(words[:name], " ")
}

func parseSeconds(word string) time.Duration {
	n, err := strconv.ParseUint(word, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// Subject is the first word of the line.
func (e *Entry) Subject() string {
	word := e.Word
	switch e.Kind {
	case Net:
		word = e.Net.String()
		if e.bare.IsValid() {
			word = e.bare.String()
		}
	case Domain:
		word = domainWord + word
	case Recipient:
		word = recipientWord + word
	}
	if e.Withdrawn {
		return "!" + word
	}
	return word
}

// String is the line, without its end. What is no good in a line is left out.
func (e *Entry) String() string {
	line := e.Subject()
	if name := cleanName(e.Name); name != "" {
		line += " " + name
	}
	if !e.Since.IsZero() {
		line += " since=" + e.Since.UTC().Format(time.RFC3339)
	}
	if e.Delay > 0 {
		line += " delay=" + strconv.FormatInt(int64(e.Delay/time.Second), 10)
	}
	return line
}

// maxName bounds what stands in a line for people.
const maxName = 255

// cleanName is a name that cannot become another line, or another word of ours.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '=' {
			return -1
		}
		return r
	}, name)
	name = strings.ToValidUTF8(name[:min(len(name), maxName)], "")
	return strings.Join(strings.Fields(name), " ")
}
