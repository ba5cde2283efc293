package main

import (
	"cmp"
	"context"
	"strings"

	"postern/lib/check"
	"postern/lib/conf"
	"postern/lib/smtp"
)

// verifierRows are about a program that knows addresses: ZMailer's router.
var verifierRows = []conf.Row[wire]{
	{Name: "Verifier", Args: "program [argument ...]",
		Value: func(w *wire) conf.Value { return conf.Strings(&w.verifier) },
		Help:  "Ask this program about addresses, see Styles. It is run with from, to, verify or expand and the address behind its arguments; its exit status is the answer. Named without a folder it is looked for in EtcDir."},
	{Name: "EnableRouter", Args: "[0|1]", Default: "1", Old: conf.Old{ZMailer: "0"},
		Value: func(w *wire) conf.Value { return conf.Bool(&w.askVerifier) },
		Help:  "Ask the Verifier at all."},
}

// verifying says whether the verifier is asked about what a flag of the client's
// style stands for: f senders, t recipients, v VRFY, e EXPN. The flag in capitals
// turns that off.
func (s *session) verifying(flag string) bool {
	w := &s.conf.wire
	st := style{flags: cmp.Or(s.style.flags, usualStyle)}
	return w.askVerifier && len(w.verifier) > 0 && st.has(flag) && !st.has(strings.ToUpper(flag))
}

// verify asks the verifier about an address: word is from, to, verify or expand.
// When the verifier cannot answer, the verdict is to come later (451).
func (s *session) verify(ctx context.Context, word string, m smtp.Mailbox) check.Verdict {
	address := m.String()
	if strings.HasPrefix(address, "-") {
		return check.Verdict{Action: check.Reject, Check: "verifier", Reason: "an address that looks like an option", Reply: smtp.Say(550, smtp.NoMailbox, "no such mailbox here")}
	}
	r := s.rec.Clone()
	hook := s.conf.hook(s.conf.wire.verifier)
	hook.Optional = false
	v, err := hook.Ask(ctx, environ(&r), smtp.Say(550, smtp.NoMailbox), word, address)
	if err != nil {
		s.brokenCheck("verifier", err)
		v = check.Verdict{Action: check.Defer, Reason: err.Error(), Reply: smtp.Say(451, smtp.OtherSystem, "cannot be said now, try again later")}
	}
	v.Check = "verifier"
	return v
}

// verified is the answer to VRFY or EXPN where the verifier is asked.
func (s *session) verified(ctx context.Context, word, arg string) smtp.Reply {
	m := s.namedMailbox(arg)
	if v := s.verify(ctx, word, m); v.Refused() {
		return v.Reply
	}
	return smtp.Say(250, smtp.ValidRecipient, "<"+m.String()+">")
}
