package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postern/lib/rewrite"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

// maxRounds bounds how often an address is replaced by another (upas's bound).
const maxRounds = 32

// errLoop is a loop in rules or aliases: the administrator's fault, so
// temporary.
var errLoop = errors.New("leads back to itself")

// postmaster is the mailbox that every host has (RFC 5321 4.5.1).
const postmaster = "postmaster"

// Route is all the places where mail for m goes by rules, aliases and
// mailboxes. An error says that it cannot be known now, or is ErrRefused.
func (d *Deliverer) Route(ctx context.Context, m smtp.Mailbox) ([]Destination, error) {
	return d.routeFrom(ctx, m, smtp.Mailbox{})
}

// routeFrom is Route for mail of a sender, whom commands may want to know.
func (d *Deliverer) routeFrom(ctx context.Context, m, sender smtp.Mailbox) ([]Destination, error) {
	if list, ok := d.routes.find(m); ok {
		return list, nil
	}
	r := route{d: d, sender: sender}
	if err := r.expand(ctx, m, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", m, err)
	}
	r.settle()
	if !r.passing {
		d.routes.add(m, r.list)
	}
	return r.list, nil
}

// route is the expansion of one address.
type route struct {
	d      *Deliverer
	sender smtp.Mailbox
	list   []Destination
	seen   map[target]bool // those in list

	passing   bool           // the route is for this message only
	permitted []smtp.Mailbox // by rules of the type auth
}

// add takes in a destination, unless it is there already.
func (r *route) add(d Destination) error {
	t := d.target()
	switch {
	case r.seen[t]:
		return nil
	case len(r.list) == maxMembers:
		return fmt.Errorf("more than %d destinations", maxMembers)
	case r.seen == nil:
		r.seen = make(map[target]bool)
	}
	r.seen[t] = true
	r.list = append(r.list, d)
	return nil
}

// forget takes back what was added behind the first n.
func (r *route) forget(n int) {
	for _, d := range r.list[n:] {
		delete(r.seen, d.target())
	}
	r.list = r.list[:n]
}

// settle decides about members of a list that do not exist: when there are
// others, the fault is the list's, not the sender's, and they wait until
// somebody has mended it.
func (r *route) settle() {
	if len(r.list) < 2 {
		return
	}
	for i := range r.list {
		if r.list[i].Kind == Nobody {
			r.list[i].Kind, r.list[i].Path = Later, "no such mailbox, but an alias names it"
		}
	}
}

// unknown says whether all of list is Nobody.
func unknown(list []Destination) bool {
	return !slices.ContainsFunc(list, func(d Destination) bool { return d.Kind != Nobody })
}

// expand adds where m goes. chain is the addresses and aliases that led to
// it, in lower case.
func (r *route) expand(ctx context.Context, m smtp.Mailbox, chain []string) error {
	if len(chain) > maxRounds {
		return fmt.Errorf("%s: %w", m, errLoop)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	match, found, err := r.d.rule(m, slices.Contains(r.permitted, m))
	switch {
	case err != nil:
		return err
	case found:
		return r.obey(ctx, match, m, chain)
	case !r.d.ours(m.Domain):
		return r.add(Destination{Kind: Relay, Mailbox: m})
	}
	return r.expandLocal(ctx, m, chain)
}

// rule is the rewrite rule for m, if there is one.
func (d *Deliverer) rule(m smtp.Mailbox, permitted bool) (rewrite.Match, bool, error) {
	rules, err := d.rules.Load()
	if err != nil || len(rules) == 0 {
		return rewrite.Match{}, false, err
	}
	return rules.Find(d.qualified(m).String(), d.config.Hostname, permitted)
}

// obey adds what a rule says.
func (r *route) obey(ctx context.Context, match rewrite.Match, m smtp.Mailbox, chain []string) error {
	switch match.Kind {
	case rewrite.Mailbox:
		return r.ruleMailbox(match, m)
	case rewrite.Alias:
		return r.ruleAlias(ctx, match, m, chain)
	case rewrite.Command:
		return r.ruleCommand(match, m)
	}
	return r.ask(ctx, match, m, chain)
}

// ruleMailbox is a rule >>. What the address put into the path is made safe,
// and names no mailbox that is not there.
func (r *route) ruleMailbox(match rewrite.Match, m smtp.Mailbox) error {
	path, err := match.Expand(0, rewrite.Values{Host: r.d.config.Hostname, Clean: safefile.Name})
	if err != nil {
		return err
	}
	if path[0] != '/' && !strings.HasPrefix(path, lmtpPrefix) {
		path = r.d.config.Mail + "/" + path
	}
	dest := mailboxAt(path, !match.FromNetwork(0))
	dest.Mailbox = m
	return r.addMailbox(dest)
}

// ruleAlias is a rule alias: other addresses, parted by blanks or commas.
func (r *route) ruleAlias(ctx context.Context, match rewrite.Match, m smtp.Mailbox, chain []string) error {
	self := strings.ToLower(m.String())
	if slices.Contains(chain, self) {
		return fmt.Errorf("%s: %s %w", match.Where(), self, errLoop)
	}
	text, err := match.Expand(0, rewrite.Values{Host: r.d.config.Hostname})
	if err != nil {
		return err
	}
	return r.replace(ctx, match, text, append(slices.Clip(chain), self))
}

// replace goes on with the addresses in text.
func (r *route) replace(ctx context.Context, match rewrite.Match, text string, chain []string) error {
	for _, word := range addressWords(text) {
		next, err := parseAddress(word)
		if err != nil {
			return fmt.Errorf("%s: %w", match.Where(), err)
		}
		if err := r.expand(ctx, next, chain); err != nil {
			return err
		}
	}
	return nil
}

// addressWords parts addresses at blanks, line ends and commas.
func addressWords(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(", \t\r\n", c) })
}

// expandLocal adds where mail for a mailbox of this host goes.
func (r *route) expandLocal(ctx context.Context, m smtp.Mailbox, chain []string) error {
	before := len(r.list)
	found, err := r.expandAlias(ctx, m, chain)
	if err != nil {
		return err
	}
	isPostmaster := strings.EqualFold(m.Local, postmaster)
	if found && !(isPostmaster && unknown(r.list[before:])) {
		return nil
	}
	r.forget(before)
	dest, err := r.d.mailbox(m)
	if err != nil {
		return err
	}
	if dest.Kind == Nobody && isPostmaster {
		dest = r.d.newMailbox(m, postmaster)
	}
	return r.add(dest)
}

// addMailbox adds a mailbox, or Nobody when it is missing and not to be made.
func (r *route) addMailbox(dest Destination) error {
	if dest.Kind == Maildir || dest.Kind == Mbox {
		if err := dest.look(); missing(err) && !dest.Create {
			dest = Destination{Kind: Nobody, Mailbox: dest.Mailbox}
		} else if err != nil && !missing(err) {
			return err
		}
	}
	return r.add(dest)
}
