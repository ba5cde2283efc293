package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"postern/lib/auth"
	"postern/lib/maillog"
	"postern/lib/prog"
	store "postern/lib/state"
	"postern/lib/tlsconf"
)

// Checking a password is costly, so only a few are checked at once on the
// machine: each takes a slot.
const (
	authSlotWait    = 3 * time.Second       // how long a session waits for a slot
	authSlotPause   = 50 * time.Millisecond // between two tries
	maxAuthPrograms = 20                    // slots for AuthProgram
)

// newBackend opens what the users are looked up in, as the configuration has it;
// nil where there is no AUTH.
func (srv *server) newBackend() auth.Backend {
	a := &srv.conf.auth
	switch {
	case a.sasl == 0:
	case a.users != "":
		// As many at once as there are processors, and not less than two: one
		// password is 20 ms of work and 19 MiB.
		return auth.NewUsers(auth.UsersOptions{
			File: a.users, Seed: filepath.Join(srv.conf.places.Lib(), "auth.seed"),
			Slots:    srv.slots("auth", max(2, runtime.NumCPU())),
			Complain: func(err error) { srv.logf(maillog.Warning, "check", "auth", "error", err.Error()) },
		})
	case len(a.program) > 0:
		return auth.NewProgram(auth.ProgramOptions{
			Path: a.program[0], Args: a.program[1:], Env: programEnv(), Slots: srv.slots("auth-program", maxAuthPrograms),
			Log: func(user, line string) {
				srv.logf(maillog.Info, "check", "auth", "sasl_username", user, "reason", a.program[0]+": "+line)
			},
		})
	case a.socket != "":
		return auth.NewDovecot(a.socket)
	}
	return nil
}

// programEnv is the whole environment of AuthProgram.
func programEnv() []string {
	return prog.Inherit([]string{prog.SearchPath, "SHELL=/bin/sh"}, "TZ")
}

// slots gives out the n slots of a key, which all processes of the machine
// share. Who finds them all taken waits for authSlotWait, and then has ErrBusy.
func (srv *server) slots(key string, n int) auth.Slots {
	return func(ctx context.Context) (func(), error) {
		ctx, cancel := context.WithTimeout(ctx, authSlotWait)
		defer cancel()
		for {
			slot, err := srv.store.Slot(ctx, key, n)
			switch {
			case err == nil:
				return slot.Release, nil
			case ctx.Err() != nil:
				return nil, auth.ErrBusy
			case !errors.Is(err, store.ErrFull):
				return nil, fmt.Errorf("%w: %w", auth.ErrUnavailable, err)
			}
			select {
			case <-ctx.Done():
				return nil, auth.ErrBusy
			case <-time.After(authSlotPause):
			}
		}
	}
}

// mechanisms are those that this session knows, whether or not they may be used
// before STARTTLS (see mayUse). Those with channel binding (-PLUS) are among them
// only where the channel has one.
func (s *session) mechanisms(ctx context.Context) ([]string, error) {
	list := s.conf.auth.mechanisms
	if len(list) == 0 {
		var err error
		if list, err = s.backend.Mechanisms(ctx); err != nil {
			return nil, err
		}
	}
	if s.channelBinding() != nil {
		return list, nil
	}
	var unbound []string
	for _, m := range list {
		if !auth.Binds(m) {
			unbound = append(unbound, m)
		}
	}
	return unbound, nil
}

// mayUse says whether a mechanism may be used on the channel as it is: one that
// sends the password itself only under TLS, unless AuthPlainClear allows it.
func (s *session) mayUse(mechanism string) bool {
	return s.tls != nil || s.conf.auth.clear || !auth.Plaintext(mechanism)
}

// authOffers are the lines about AUTH in the answer to EHLO (RFC 4954
// section 3): none without a mechanism that may be used now.
func (s *session) authOffers(ctx context.Context) []string {
	if s.backend == nil {
		return nil
	}
	list, err := s.mechanisms(ctx)
	if err != nil {
		s.logf(maillog.Warning, "id", s.id, "check", "auth", "error", err.Error())
		return nil
	}
	var usable []string
	for _, m := range list {
		if s.mayUse(m) {
			usable = append(usable, m)
		}
	}
	if len(usable) == 0 {
		return nil
	}
	line := "AUTH " + strings.Join(usable, " ")
	if s.conf.auth.old {
		return []string{line, strings.Replace(line, " ", "=", 1)}
	}
	return []string{line}
}

// channelBinding is the binding of the channel (RFC 9266), nil where it has none.
func (s *session) channelBinding() []byte {
	if s.tls == nil {
		return nil
	}
	return tlsconf.ChannelBinding(s.tls)
}

// saslPeer tells a back-end who asks. It has the channel binding whenever a -PLUS
// mechanism was offered, also for the plain form: a client that says it was
// offered none (flag y, RFC 5802 section 6) has been lied to on its way.
func (s *session) saslPeer(ctx context.Context) auth.Peer {
	p := auth.Peer{Service: "smtp", Host: s.conf.mail.Hostname, Client: s.peer.client, Server: s.peer.server, Secure: s.tls != nil}
	if list, err := s.mechanisms(ctx); err == nil && slices.Contains(list, auth.ScramPlus) {
		p.Binding = s.channelBinding()
	}
	return p
}
