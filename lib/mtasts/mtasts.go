// Package mtasts knows the policies by which domains ask for TLS that is
// verified (MTA-STS, RFC 8461). It reads and keeps them; fetching them by HTTPS
// is the work of the program mtasts(1), which links what no other needs to.
package mtasts

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postern/lib/dns"
)

const (
	// MaxPolicy is the size of the largest policy that is read, in octets
	// (RFC 8461 3.3).
	MaxPolicy = 64 << 10
	// maxAge is the longest time for which a policy may be kept, in seconds,
	// about a year (RFC 8461 3.2).
	maxAge = 31557600
)

// Mode is what a sender is to do with a host that does not prove itself.
type Mode string

// The modes (RFC 8461 section 5).
const (
	Enforce Mode = "enforce" // do not send to it
	Testing Mode = "testing" // send, and say so
	None    Mode = "none"    // there is no policy any more
)

// Policy is what a domain asks of those who send to it.
type Policy struct {
	Mode   Mode
	MX     []string      // patterns of its hosts' names, in lower case: "mx.example.org", "*.example.net"
	MaxAge time.Duration // how long it may be kept, in whole seconds
}

// ErrSyntax is Parse's for what is no policy. It is wrapped with what is wrong.
var ErrSyntax = errors.New("not an MTA-STS policy")

// Parse reads the text of a policy (RFC 8461 3.2): lines "name: value" that end
// with LF or CRLF. Of a field that stands there twice the first counts, except
// mx. Fields that nobody knows are no fault.
func Parse(text []byte) (Policy, error) {
	if len(text) > MaxPolicy {
		return Policy{}, fmt.Errorf("%w: more than %d octets", ErrSyntax, MaxPolicy)
	}
	var p Policy
	seen := make(map[string]bool)
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" {
			continue
		}
		if err := p.field(line, seen); err != nil {
			return Policy{}, fmt.Errorf("%w: line %d: %w", ErrSyntax, n, err)
		}
	}
	return p, p.whole(seen)
}

// field reads a line into the policy.
func (p *Policy) field(line string, seen map[string]bool) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok || !isFieldName(name) {
		return fmt.Errorf("%.60q is not a name and a value", line)
	}
	value = strings.Trim(value, " \t")
	if seen[name] && name != "mx" {
		return nil
	}
	seen[name] = true
	switch name {
	case "version":
		if value != "STSv1" {
			return fmt.Errorf("version %.60q is unknown", value)
		}
	case "mode":
		return p.setMode(Mode(value))
	case "max_age":
		return p.setMaxAge(value)
	case "mx":
		return p.addMX(value)
	}
	return nil
}

// isFieldName keeps to sts-policy-ext-name (RFC 8461 3.2).
func isFieldName(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9':
		case i > 0 && (c == '_' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return true
}

func (p *Policy) setMode(m Mode) error {
	if m != Enforce && m != Testing && m != None {
		return fmt.Errorf("mode %.60q is unknown", m)
	}
	p.Mode = m
	return nil
}

// maxAgeDigits is how long max_age may be (RFC 8461 3.2).
const maxAgeDigits = 10

func (p *Policy) setMaxAge(value string) error {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || len(value) > maxAgeDigits {
		return fmt.Errorf("max_age %.60q is not a number of seconds", value)
	}
	p.MaxAge = time.Duration(min(n, maxAge)) * time.Second
	return nil
}

func (p *Policy) addMX(value string) error {
	pattern := strings.ToLower(value)
	if !dns.ValidName(strings.TrimPrefix(pattern, "*.")) {
		return fmt.Errorf("mx %.60q is not the name of a host", value)
	}
	p.MX = append(p.MX, pattern)
	return nil
}

// whole finds out what is missing.
func (p *Policy) whole(seen map[string]bool) error {
	for _, name := range [...]string{"version", "mode", "max_age"} {
		if !seen[name] {
			return fmt.Errorf("%w: no %s", ErrSyntax, name)
		}
	}
	if len(p.MX) == 0 && p.Mode != None {
		return fmt.Errorf("%w: no mx", ErrSyntax)
	}
	return nil
}

// String returns the policy as Parse reads it.
func (p Policy) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: STSv1\nmode: %s\n", p.Mode)
	for _, pattern := range p.MX {
		fmt.Fprintf(&b, "mx: %s\n", pattern)
	}
	fmt.Fprintf(&b, "max_age: %d\n", p.MaxAge/time.Second)
	return b.String()
}

// Match reports whether the policy has the host (RFC 8461 4.1). The asterisk
// of a pattern stands for one label.
func (p Policy) Match(host string) bool {
	host = dns.ToASCII(host)
	_, parent, _ := strings.Cut(host, ".")
	for _, pattern := range p.MX {
		rest, wild := strings.CutPrefix(pattern, "*.")
		if wild && rest == parent || pattern == host {
			return true
		}
	}
	return false
}
