package main

import (
	"net/mail"
	"strings"

	"postern/lib/smtp"
)

// parseList reads an address list (RFC 5322 3.4). Names alone are of this host.
func (p *program) parseList(body string) ([]smtp.Mailbox, error) {
	body = strings.TrimSpace(body)
	if body == "" || body == "undisclosed-recipients:;" {
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

// parseItems reads a list in which names without domain stand, as programs of
// the host write it: "root, Bob <bob>, ann@x.example". why is what is wrong with
// the list otherwise.
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

// items parts a list at its commas, but for those within quotes, and takes
// comments out. What is open at the end stays so, and is no address.
func items(body string) []string {
	var list []string
	var item strings.Builder
	quoted, depth := false, 0
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case c == '\\' && (quoted || depth > 0) && i+1 < len(body):
			if depth == 0 {
				item.WriteString(body[i : i+2])
			}
			i++
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
			continue
		case c == ')' && depth > 0:
			depth--
			continue
		case c == ',' && !quoted && depth == 0:
			list = append(list, strings.TrimSpace(item.String()))
			item.Reset()
			continue
		}
		if depth == 0 {
			item.WriteByte(c)
		}
	}
	return append(list, strings.TrimSpace(item.String()))
}
