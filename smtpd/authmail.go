package main

import (
	"postern/lib/auth"
	"postern/lib/maillog"
	"postern/lib/smtp"
)

// isAuthSender says whether s may be the value of MAIL's parameter AUTH (RFC 4954
// section 5): a mailbox, or <> for one that is not known.
func isAuthSender(s string) bool {
	if s == "<>" {
		return true
	}
	_, err := smtp.ParseMailbox(s, true)
	return err == nil
}

// vouch keeps the parameter AUTH of MAIL from a trusted client alone. From a
// stranger it proves nothing, and becomes <> (RFC 4954 section 5).
func (s *session) vouch(env *smtp.Envelope) {
	if env.Auth != "" && !s.facts.Trusted {
		env.Auth = "<>"
	}
}

// appendSubmission is the field by which a submission server says who it took
// a message from (MSA-mode).
func (s *session) appendSubmission(b []byte) []byte {
	if !s.conf.auth.msa || s.login.user == "" {
		return b
	}
	b = append(b, "X-Comment: RFC 2476 MSA function at "+s.conf.mail.Hostname+" logged sender identity as: "...)
	b = append(b, maillog.Clean(s.login.user, auth.MaxName)...)
	return append(b, '\n')
}
