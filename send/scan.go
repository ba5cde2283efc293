package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"postern/lib/smtp"
)

// scanHead is -t: the recipients are those of To, Cc and Bcc, of which Bcc is
// taken out. When the message is resent, the Resent- fields count instead
// (RFC 5322 3.6.6). Operands are, as in sendmail, recipients as well.
func (p *program) scanHead(m *message, env *smtp.Envelope) error {
	if len(m.head) >= maxHead {
		return fmt.Errorf("the header is longer than %d KiB: there may be recipients in the rest", maxHead>>10)
	}
	prefix := ""
	if hasField(m.head, "Resent-To") || hasField(m.head, "Resent-Cc") || hasField(m.head, "Resent-Bcc") {
		prefix = "Resent-"
	}
	for _, name := range [...]string{"To", "Cc", "Bcc"} {
		if err := p.addRecipients(env, m.head, prefix+name); err != nil {
			return err
		}
	}
	if len(env.Recipients) == 0 {
		return errors.New("no recipients in To, Cc and Bcc")
	}
	m.head = withoutField(withoutField(m.head, "Bcc"), "Resent-Bcc")
	env.SMTPUTF8 = !env.IsASCII()
	return nil
}

// addRecipients adds the addresses in all fields of the name.
func (p *program) addRecipients(env *smtp.Envelope, head []byte, name string) error {
	for _, body := range bodies(head, name) {
		list, err := p.parseList(body)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, m := range list {
			env.Recipients = append(env.Recipients, p.recipient(m))
		}
	}
	return nil
}

// bodies is what the fields of the name say, unfolded.
func bodies(head []byte, name string) []string {
	var list []string
	for _, f := range splitFields(head) {
		if hasField(f, name) {
			_, body, _ := bytes.Cut(f, []byte(":"))
			list = append(list, strings.Join(strings.Fields(string(body)), " "))
		}
	}
	return list
}

// withoutField is head without the fields of the name.
func withoutField(head []byte, name string) []byte {
	var kept []byte
	for _, f := range splitFields(head) {
		if !hasField(f, name) {
			kept = append(kept, f...)
		}
	}
	return kept
}

// splitFields parts a header into its fields, each with its further lines.
func splitFields(head []byte) [][]byte {
	var list [][]byte
	start, end := 0, 0
	for line := range bytes.Lines(head) {
		if line[0] != ' ' && line[0] != '\t' && end > start {
			list = append(list, head[start:end])
			start = end
		}
		end += len(line)
	}
	if end > start {
		list = append(list, head[start:end])
	}
	return list
}
