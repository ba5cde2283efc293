package check

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"postern/lib/conf"
	"postern/lib/smtp"
)

// blocked is the file of that name, made ready for look-ups whose cost does not
// grow with its length: an address is looked up once for each length of prefix in
// the file, a sender once for each pattern that could match it.
type blocked struct {
	nets     map[netip.Prefix]entry
	bits     [129]bool // lengths of prefixes in nets, of either family
	accounts accounts
}

// parseBlocked reads lines
//
//	verb address ...   # of clients: 192.0.2.7, 192.0.2, 192.0.2.0/24, 2001:db8::/32
//	*verb account ...  # of senders: see accounts
//
// The verb is allow or accept, block, deny, dial, and delay or relay. Blanks
// and commas separate, # begins a comment. The errors are all that is wrong;
// what is right is obeyed nevertheless.
func parseBlocked(file string, text []byte) (*blocked, []error) {
	b := &blocked{nets: make(map[netip.Prefix]entry), accounts: newAccounts()}
	return b, eachLine(file, text, b.add)
}

// add takes one line.
func (b *blocked) add(line conf.Line) error {
	verb, senders := strings.CutPrefix(line.Name, "*")
	class, ok := parseClass(verb)
	if !ok {
		return fmt.Errorf("unknown verb %q (there are allow, block, deny, dial, delay, and each with a * in front)", line.Name)
	}
	var errs []error
	for _, word := range line.Args {
		if senders {
			errs = append(errs, b.accounts.add(word, entry{class, line.Num}))
			continue
		}
		net, err := conf.ParseNet(word)
		if err != nil {
			errs = append(errs, fmt.Errorf("%w (for senders write *%s)", err, verb))
			continue
		}
		b.nets[net] = b.nets[net].better(entry{class, line.Num})
		b.bits[net.Bits()] = true
	}
	return errors.Join(errs...)
}

// client is what the file says of an address.
func (b *blocked) client(a netip.Addr) (best entry) {
	for n := 0; b != nil && n <= a.BitLen(); n++ {
		if b.bits[n] {
			net, _ := a.Prefix(n)
			best = best.better(b.nets[net])
		}
	}
	return best
}

// sender is what the file says of a sender.
func (b *blocked) sender(m smtp.Mailbox) entry {
	if b == nil {
		return entry{}
	}
	return b.accounts.find(m)
}
