package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"postern/lib/dns"
	"postern/lib/smtp"
)

// target is where smtp is sent: its address and its options, as on its command
// line.
type target struct {
	address string   // destaddr of smtp(8)
	flags   []string // in front of it
}

// key names a target in maps and in the cache.
func (t target) key() string { return strings.Join(append([]string{t.address}, t.flags...), " ") }

// String is the target for the log.
func (t target) String() string { return t.key() }

// routing says where the mail for a domain goes.
type routing struct {
	table   []route
	flags   []string // SmtpFlags
	gateway string   // for domains that have neither MX nor address
}

// route is one Route of the configuration.
type route struct {
	pattern string // "dom", "*.dom" or "*"
	target
}

// defaultFlags of smtp: TLS where the other side has it.
const defaultFlags = "-s"

func defaultRouting() routing { return routing{flags: []string{defaultFlags}} }

// find is where mail for m goes: the first route that covers its domain, in
// A-labels or U-labels, else as DNS says.
func (r *routing) find(m smtp.Mailbox) target {
	domain := dns.ToASCII(m.Domain)
	for _, route := range r.table {
		if route.pattern == "*" || dns.MatchDomain(route.pattern, domain) {
			return route.target
		}
	}
	flags := r.flags
	if r.gateway != "" {
		flags = append(slices.Clip(flags), "-g", r.gateway)
	}
	return target{"net!" + domain, flags}
}

// addRoute takes the arguments of a Route: domain destination [flag ...]. Flags
// replace those of SmtpFlags.
func (r *routing) addRoute(args []string) error {
	if len(args) < 2 {
		return errors.New("wants a domain and a destination")
	}
	pattern, address, flags := strings.ToLower(args[0]), args[1], args[2:]
	if domain := strings.TrimPrefix(pattern, "*."); pattern != "*" && !strings.HasPrefix(domain, "[") {
		if err := smtp.CheckDomain(domain, true); err != nil {
			return fmt.Errorf("domain %q: %w", args[0], err)
		}
	}
	if strings.HasPrefix(address, "-") || strings.HasPrefix(address, ".") {
		return fmt.Errorf("%q is no destination", address)
	}
	if err := checkFlags(flags); err != nil {
		return err
	}
	r.table = append(r.table, route{pattern, target{address: address, flags: flags}})
	return nil
}

// setFlags takes the arguments of SmtpFlags.
func (r *routing) setFlags(args []string) error {
	if err := checkFlags(args); err != nil {
		return err
	}
	r.flags = slices.Clone(args)
	return nil
}

// checkFlags refuses what cannot stand in front of smtp's operands.
func checkFlags(flags []string) error {
	if len(flags) > 0 && !strings.HasPrefix(flags[0], "-") {
		return fmt.Errorf("%q is no option of smtp", flags[0])
	}
	if slices.Contains(flags, "--") {
		return errors.New(`"--" ends the options`)
	}
	return nil
}

// showRoutes is what Route is set to.
func (r *routing) showRoutes() (lines [][]string) {
	for _, route := range r.table {
		lines = append(lines, append([]string{route.pattern, route.address}, route.flags...))
	}
	return lines
}

// fill gives the routes that name no flags those of SmtpFlags.
func (r *routing) fill() {
	for i := range r.table {
		if len(r.table[i].flags) == 0 {
			r.table[i].flags = r.flags
		}
	}
}
