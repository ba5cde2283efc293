package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"postern/lib/smtp"
)

// destination is where mail is brought.
type destination struct {
	text   string // as it was written
	host   string // a name, or an IP address without brackets; "" with socket
	mx     bool   // host is a domain, whose mail exchangers are meant
	given  bool   // host comes from the literal of a mail address: mx.Lookup refuses where no mail may go
	port   string // a number
	socket string // path of a Unix socket
}

// parseDestination reads a destination:
//
//	net!domain[!port]    the mail exchangers of a domain, or an address of mail
//	domain               likewise
//	tcp!host[!port]      the host itself
//	host:port [host]     likewise
//	[1.2.3.4] [IPv6:...] an address; with or without :port
//	unix!/path           a Unix socket
//
// A folder in front of the network's name, as in /net/tcp!host of Plan 9, is passed
// over. $name is the value of an environment variable.
func parseDestination(s, port string) (destination, error) {
	d := destination{text: s, port: port}
	words := strings.Split(s, "!")
	kind := ""
	if len(words) > 1 {
		kind, words = words[0][strings.LastIndexByte(words[0], '/')+1:], words[1:]
	}
	var err error
	switch kind {
	case "unix":
		d.socket = strings.Join(words, "!")
		if !strings.HasPrefix(d.socket, "/") {
			err = errors.New("the path of a socket begins with a slash")
		}
	case "", "net", "tcp":
		d.mx = kind != "tcp"
		err = d.place(words)
		d.given = kind == "net" && isAddress(d.host)
	default:
		err = fmt.Errorf("no network %q", kind)
	}
	if err != nil {
		return d, fmt.Errorf("destination %q: %w", s, err)
	}
	return d, nil
}

// isAddress says whether a host is named by its address.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// place takes host and port.
func (d *destination) place(words []string) error {
	if len(words) > 2 {
		return errors.New("too many parts")
	}
	host := fromEnvironment(words[0])
	if len(words) == 2 {
		if err := d.setPort(words[1]); err != nil {
			return err
		}
	} else if h, port, err := net.SplitHostPort(host); err == nil {
		if err := d.setPort(port); err != nil {
			return err
		}
		host, d.mx = h, false
	}
	return d.setHost(host)
}

// setHost takes a name, an address or either in brackets.
func (d *destination) setHost(s string) error {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if !ok {
			return errors.New("a bracket is missing")
		}
		s, d.mx = inner, false
	}
	if addr, err := smtp.ParseLiteral("[" + s + "]"); err == nil {
		s = addr.String()
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		d.host, d.mx = addr.Unmap().String(), false
		return nil
	}
	d.host = strings.TrimSuffix(s, ".")
	if isAddress(d.host) {
		return errors.New("an address has no dot at its end")
	}
	return smtp.CheckDomain(d.host, true)
}

// setPort takes a number, or the name of a service that mail knows.
func (d *destination) setPort(s string) error {
	switch s {
	case "smtp":
		s = "25"
	case "lmtp":
		s = "24"
	case "smtps", "submissions":
		s = "465"
	case "submission":
		s = "587"
	}
	if n, err := strconv.ParseUint(s, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("no port %q", s)
	}
	d.port = s
	return nil
}

// fromEnvironment is what $name stands for, any other word itself.
func fromEnvironment(s string) string {
	if name, ok := strings.CutPrefix(s, "$"); ok {
		return os.Getenv(name)
	}
	return s
}

// domain is what stands behind a recipient that has no domain.
func (d *destination) domain() string {
	if addr, err := netip.ParseAddr(d.host); err == nil {
		if addr.Is6() {
			return "[IPv6:" + d.host + "]"
		}
		return "[" + d.host + "]"
	}
	if d.host == "" {
		return "localhost"
	}
	return d.host
}

// portNumber is the port, which was checked when it was read.
func (d *destination) portNumber() uint16 {
	n, _ := strconv.ParseUint(d.port, 10, 16)
	return uint16(n)
}
