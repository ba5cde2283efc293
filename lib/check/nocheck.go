package check

import (
	"strings"

	"postern/lib/smtp"
)

// exempt says whether mail for a recipient is not to be refused for what is
// found out about client and sender (NoCheck): user@host, or user of any host.
func (c *Config) exempt(rcpt smtp.Mailbox) bool {
	for _, pattern := range c.NoCheck {
		user, host, bound := strings.Cut(pattern, "@")
		if strings.EqualFold(user, rcpt.Local) && (!bound || strings.EqualFold(host, rcpt.Domain)) {
			return true
		}
	}
	return false
}

// senderStage is when the sender's domain is looked at: at once, unless it may
// not matter for a recipient.
func (c *Config) senderStage() Stage {
	if len(c.NoCheck) > 0 {
		return Rcpt
	}
	return Mail
}
