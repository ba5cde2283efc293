package main

import (
	"context"
	"errors"
	"strings"

	"postern/lib/auth"
	"postern/lib/client"
	"postern/lib/smtp"
	"postern/lib/sysexits"
	"postern/lib/tlsconf"
)

// authenticate is -a: it proves who we are to a server that offers AUTH. In
// the clear it says nothing unless -i allows it.
func (a attempt) authenticate(ctx context.Context, l *link) error {
	offered, ok := l.Offers("AUTH")
	if !a.auth || !ok {
		return nil
	}
	state, secure := l.TLS()
	if !secure && !a.clear {
		return ourFault("the server offers AUTH in the clear, which only -i allows")
	}
	with, err := a.credentials.find(ctx, strings.Trim(a.name, "[]"), a.user)
	if err != nil {
		return ourFault(err.Error())
	}
	choice := auth.Choice{Offered: strings.Fields(strings.ToUpper(offered)), Plaintext: true}
	if secure {
		choice.Binding = tlsconf.ChannelBinding(&state)
	}
	m, err := auth.Choose(choice, with)
	if err != nil {
		return ourFault(err.Error())
	}
	return refusedLogin(l.Auth(ctx, m))
}

// refusedLogin makes a refusal of our credentials temporary: a password that
// somebody has changed must not bounce mail.
func refusedLogin(err error) error {
	refused := new(client.Refused)
	if !errors.As(err, &refused) || refused.Reply.Class() == 4 {
		return err
	}
	return &failure{outcome: outcome{
		reply:  smtp.Say(454, smtp.BadCredentials, "the next server refuses our credentials"),
		reason: refused.Error(),
	}}
}

// ourFault is the failure when AUTH is not set up right on our side (78): temporary
// to the mail, until somebody has mended it.
func ourFault(why string) error {
	return &failure{outcome: outcome{
		reply:  smtp.Say(451, smtp.BadConfiguration, "authentication with the next server is not set up"),
		reason: why,
		exit:   sysexits.Config,
	}}
}
