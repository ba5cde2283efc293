package smtp

import "postern/lib/sysexits"

// FromExit returns the reply that stands for the exit status of a mailer, a
// hook or a script. The reason, if there is one, is its text. Only what a
// child says on purpose is permanent: every status without a meaning of its
// own, a signal included, is our fault and temporary.
func FromExit(status int, reason string) Reply {
	code, detail, words := fromExit(status)
	if reason != "" && words != "" {
		return Say(code, detail, reason)
	}
	if words == "" {
		words = "local error, try again later"
	}
	return Say(code, detail, words)
}

// fromExit returns no words for the statuses whose reason is none of the
// client's business.
func fromExit(status int) (code int, d Detail, words string) {
	switch status {
	case sysexits.OK:
		return 250, NoDetail, "ok"
	case sysexits.DataErr:
		return 554, OtherMedia, "message refused"
	case sysexits.NoUser:
		return 550, NoMailbox, "no such mailbox"
	case sysexits.NoHost:
		return 550, BadDestination, "no such host"
	case sysexits.Unavailable:
		return 554, OtherSystem, "delivery failed"
	case sysexits.NoPerm:
		return 550, NotAuthorized, "not permitted"
	case sysexits.TempFail:
		return 451, OtherSystem, "try again later"
	}
	return 451, OtherSystem, ""
}
