package deliver

import (
	"errors"
	"syscall"

	"postern/lib/mbox"
	"postern/lib/smtp"
)

// Reply is what a client is told when Begin, Write or Commit fails with err:
// 452 4.3.1 for a full disk, 452 4.2.2 beyond a quota, 554 5.4.6 for a loop,
// 550 5.1.1 for a recipient that is gone, 550 5.7.1 for one that is refused,
// what the exit status of a rule's command means, else 451 4.3.0.
func Reply(err error) smtp.Reply {
	var said *commandError
	switch {
	case errors.As(err, &said):
		return said.reply
	case errors.Is(err, ErrRefused):
		return smtp.Say(550, smtp.NotAuthorized, "mail for this address is not permitted")
	case errors.Is(err, ErrLoop):
		return smtp.Say(554, smtp.RoutingLoop, "this message is in a loop")
	case errors.Is(err, ErrNoRecipient):
		return smtp.Say(550, smtp.NoMailbox, "no such mailbox")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EFBIG):
		return smtp.Say(452, smtp.SystemFull, "no room for the message now")
	case errors.Is(err, syscall.EDQUOT):
		return smtp.Say(452, smtp.MailboxFull, "the mailbox is full")
	case errors.Is(err, mbox.ErrLocked):
		return smtp.Say(451, smtp.OtherMailbox, "the mailbox is busy, try again later")
	}
	return smtp.Say(451, smtp.OtherSystem, "local error, try again later")
}
