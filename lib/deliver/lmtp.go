package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"postern/lib/client"
	"postern/lib/smtp"
)

const (
	// lmtpPort is where LMTP is spoken over TCP. RFC 2033 section 5 only
	// forbids 25; servers listen at 24.
	lmtpPort = "24"
	// lmtpDial is how long a server may take to accept a connection.
	lmtpDial = 30 * time.Second
)

// lmtpServer is where the server of an LMTP destination listens: the path of
// a Unix socket, or a host, with or without a port.
func lmtpServer(where string) (network, address string) {
	if strings.HasPrefix(where, "/") {
		return "unix", where
	}
	if _, _, err := net.SplitHostPort(where); err == nil {
		return "tcp", where
	}
	return "tcp", net.JoinHostPort(strings.Trim(where, "[]"), lmtpPort)
}

// lmtp brings a message to recipients who have one LMTP server, over one
// connection. There is an Outcome for each of them (RFC 2033 section 4.2).
func (d *Deliverer) lmtp(ctx context.Context, where string, env *smtp.Envelope, text io.ReadSeeker) []Outcome {
	outcomes := make([]Outcome, 0, len(env.Recipients))
	start, err := text.Seek(0, io.SeekCurrent)
	var s *client.Session
	if err == nil {
		s, err = d.lmtpSession(ctx, where)
	}
	if err != nil {
		return lmtpOutcomes(outcomes, where, make([]smtp.Reply, len(env.Recipients)), err)
	}
	defer s.Close()
	utf8Head := env.SMTPUTF8 && hasUTF8Head(text)
	for group := range slices.Chunk(env.Recipients, smtp.SafeRecipients) {
		part := *env
		part.Recipients, part.Size = group, 0       // it has grown by a Received field
		part.SMTPUTF8 = utf8Head || !part.IsASCII() // to which an alias may have led
		_, err := text.Seek(start, io.SeekStart)
		result := client.Result{Recipients: make([]smtp.Reply, len(group))}
		if err == nil {
			result, err = s.Send(ctx, &part, text)
		}
		outcomes = lmtpOutcomes(outcomes, where, result.Recipients, err)
	}
	s.Quit(ctx)
	return outcomes
}

// hasUTF8Head says whether a message has more than ASCII in its header, or may
// have, so that it needs what its sender has asked for (RFC 6531): many servers
// of mailboxes do without SMTPUTF8.
func hasUTF8Head(text io.ReadSeeker) bool {
	r, ok := text.(interface {
		io.ReaderAt
		Size() int64
	})
	if !ok {
		return true
	}
	t, err := client.NewText(r, r.Size())
	return err != nil || t.EightBitHead
}

// lmtpSession begins a session with a server.
func (d *Deliverer) lmtpSession(ctx context.Context, where string) (*client.Session, error) {
	dialing, cancel := context.WithTimeout(ctx, lmtpDial)
	defer cancel()
	network, address := lmtpServer(where)
	conn, err := new(net.Dialer).DialContext(dialing, network, address)
	if err != nil {
		return nil, err
	}
	return client.Begin(ctx, conn, client.Options{Name: d.config.Hostname, LMTP: true})
}

// lmtpOutcomes adds what the replies mean; where there is none, err says why.
func lmtpOutcomes(list []Outcome, where string, replies []smtp.Reply, err error) []Outcome {
	for _, r := range replies {
		o := Outcome{Status: Deferred, Reply: r}
		switch {
		case r.IsZero():
			o.Reply, o.Err = smtp.Say(451, smtp.NoAnswer, "the mailbox's server is not to be reached"), unanswered(where, err)
		case r.Class() == 2:
			o.Status, o.Where = Delivered, lmtpPrefix+where
		case r.Class() == 5:
			o.Status = Rejected
		}
		list = append(list, o)
	}
	return list
}

// unanswered says that a server gave no answer.
func unanswered(where string, err error) error {
	if err == nil {
		err = errors.New("no answer")
	}
	return fmt.Errorf("%s%s: %w", lmtpPrefix, where, err)
}
