package smtp

import "postern/lib/sysexits"

// FromExit returns the reply that stands for the exit status of a mailer, a hook
// or a script. Its text is the reason that the child gave, if it gave one. Only
// what a child says on purpose is permanent: every status without a meaning of
// its own, a signal included, is our fault and temporary, and its reason is none
// of the client's business.
func FromExit(status int, reason string) Reply {
	code, detail, text, meant := fromExit(status)
	if meant && reason != "" {
		text = reason
	}
	return Say(code, detail, text)
}

// fromExit returns the reply to a status, with a text for want of a reason. meant
// is false for a status that no child gives on purpose.
func fromExit(status int) (code int, d Detail, text string, meant bool) {
	switch status {
	case sysexits.OK:
		return 250, NoDetail, "ok", true
	case sysexits.DataErr:
		return 554, OtherMedia, "message refused", true
	case sysexits.NoUser:
		return 550, NoMailbox, "no such mailbox", true
	case sysexits.NoHost:
		return 550, BadDestination, "no such host", true
	case sysexits.Unavailable:
		return 554, OtherSystem, "delivery failed", true
	case sysexits.NoPerm:
		return 550, NotAuthorized, "not permitted", true
	case sysexits.TempFail:
		return 451, OtherSystem, "try again later", true
	}
	return 451, OtherSystem, "local error, try again later", false
}
