package main

import (
	"net/mail"
	"strings"

	"postern/lib/smtp"
)

// parseList reads an address list (RFC 5322 3.4), in which groups count as their
// members. Names alone are of this host.
func (p *program) parseList(body string) ([]smtp.Mailbox, error) {
	body = strings.TrimSpace(body)
	if body == "" {
		return nil, nil
	}
	parsed, err := mail.ParseAddressList(body)
	if err != nil {
		return p.parseItems(body, err)
	}
	var list []smtp.Mailbox
	for _, a := range parsed {
		m, err := mailbox(a)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// parseItems reads a list with names that have no domain, as programs of the host
// write it: "root, Bob <bob>, ann@x.example". why is the error of net/mail, which
// knows no such lists; it is returned when this is none either.
func (p *program) parseItems(body string, why error) ([]smtp.Mailbox, error) {
	var list []smtp.Mailbox
	for _, item := range items(body) {
		m, err := p.parseItem(item)
		if err != nil {
			return nil, why
		}
		if !m.IsZero() {
			list = append(list, m)
		}
	}
	return list, nil
}

// parseItem reads one address, or one in <> behind a name.
func (p *program) parseItem(item string) (smtp.Mailbox, error) {
	if a, err := mail.ParseAddress(item); err == nil {
		return mailbox(a)
	}
	if i := strings.LastIndexByte(item, '<'); i >= 0 && strings.HasSuffix(item, ">") {
		item = item[i:]
	}
	return p.parseAddress(item)
}

// mailbox is the mailbox of an address, which has lost its quotes.
func mailbox(a *mail.Address) (smtp.Mailbox, error) {
	i := strings.LastIndexByte(a.Address, '@')
	return smtp.ParseMailbox(smtp.Mailbox{Local: a.Address[:i], Domain: a.Address[i+1:]}.String(), true)
}

// items parts a list into its addresses: at commas and at what begins and ends a
// group, but for those within quotes, <> and literals. Comments and the names of
// groups are taken out. What is open at the end stays so, and is no address.
func items(body string) []string {
	var l itemList
	for i := 0; i < len(body); i++ {
		n := 1
		if body[i] == '\\' && (l.quoted || l.depth > 0) && i+1 < len(body) {
			n = 2
		}
		l.take(body[i : i+n])
		i += n - 1
	}
	l.end()
	return l.items
}

// itemList is the state of items.
type itemList struct {
	items  []string
	item   strings.Builder
	quoted bool
	inside bool // <> or []
	group  bool
	depth  int // of comments
}

// take takes the next character, or one with a backslash in front.
func (l *itemList) take(c string) {
	switch {
	case l.quoted || l.depth == 0 && c == `"`:
		l.quoted = l.quoted != (c == `"`)
	case c == "(":
		l.depth++
		return
	case l.depth > 0:
		if c == ")" {
			l.depth--
		}
		return
	case strings.Contains("<>[]", c):
		l.inside = c == "<" || c == "["
	case l.inside:
	case c == "," || c == ";" && l.group:
		l.group = l.group && c == ","
		l.end()
		return
	case c == ":" && !l.group:
		l.group = true
		l.item.Reset()
		return
	}
	l.item.WriteString(c)
}

// end ends an address.
func (l *itemList) end() {
	l.items = append(l.items, strings.TrimSpace(l.item.String()))
	l.item.Reset()
}
