package deliver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"postern/lib/smtp"
)

// expandAlias adds the members of the alias for m, and says whether there is
// one: for the whole address, for the local part, or for what is left of it
// without the extension.
func (r *route) expandAlias(ctx context.Context, m smtp.Mailbox, chain []string) (bool, error) {
	if r.d.config.NoAliases {
		return false, nil
	}
	table, err := r.d.aliases.Load()
	if err != nil || table == nil {
		return false, err
	}
	for _, name := range append([]string{m.String()}, r.d.names(m.Local)...) {
		text, ok := table.find(name)
		if !ok {
			continue
		}
		key := aliasKey(name)
		if len(chain) > 0 && chain[len(chain)-1] == key {
			return false, nil // an alias that names itself means the mailbox
		}
		if slices.Contains(chain, key) || len(chain) >= maxDepth {
			return true, fmt.Errorf("%s: alias %s %w", table.file, name, errLoop)
		}
		members, err := parseMembers(text)
		if err == nil {
			err = r.expandMembers(ctx, members, m, append(slices.Clip(chain), key))
		}
		if err != nil {
			return true, fmt.Errorf("%s: alias %s: %w", table.file, name, err)
		}
		return true, nil
	}
	return false, nil
}

// expandMembers adds where the members of an alias go; m is the address that the
// alias was found for.
func (r *route) expandMembers(ctx context.Context, members []member, m smtp.Mailbox, chain []string) error {
	for _, member := range members {
		if err := r.expandMember(ctx, member, m, chain); err != nil {
			return err
		}
	}
	return nil
}

func (r *route) expandMember(ctx context.Context, member member, m smtp.Mailbox, chain []string) error {
	switch member.kind {
	case command:
		return r.add(Destination{Kind: Command, Path: member.text, Mailbox: m})
	case file:
		dest := mailboxAt(member.text, true)
		dest.Mailbox = m
		return r.addMailbox(dest)
	case include:
		return r.expandInclude(ctx, member.text, m, chain)
	}
	next, err := parseAddress(member.text)
	if err != nil {
		return err
	}
	if member.kind == itself && r.d.ours(next.Domain) {
		dest, err := r.d.mailbox(next)
		if err != nil {
			return err
		}
		return r.add(dest)
	}
	return r.expand(ctx, next, chain)
}

// expandInclude adds the members that stand in a file.
func (r *route) expandInclude(ctx context.Context, path string, m smtp.Mailbox, chain []string) error {
	key := ":include:" + path
	if slices.Contains(chain, key) || len(chain) >= maxDepth {
		return fmt.Errorf("%s %w", key, errLoop)
	}
	members, err := readInclude(path)
	if err != nil {
		return err
	}
	// In front, so that an alias that names itself in its file is still found
	// at the end of the chain.
	return r.expandMembers(ctx, members, m, append([]string{key}, chain...))
}

// parseAddress reads an address of a rule or an alias: a mailbox, a name
// alone, or one of them in <> behind other words.
func parseAddress(text string) (smtp.Mailbox, error) {
	text = strings.TrimSpace(text)
	if i := strings.LastIndexByte(text, '<'); i >= 0 && strings.HasSuffix(text, ">") {
		text = text[i+1 : len(text)-1]
	}
	if strings.Contains(text, "@") {
		return smtp.ParseMailbox(text, true)
	}
	if text == "" || len(text) > maxName || strings.ContainsFunc(text, unicode.IsControl) {
		return smtp.Mailbox{}, fmt.Errorf("%q is no name", text)
	}
	return smtp.Mailbox{Local: text}, nil
}

// maxName bounds a name alone, in octets.
const maxName = 255
