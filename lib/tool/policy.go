package tool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"postern/lib/maillog"
	"postern/lib/record"
)

const (
	// maxAction bounds an answer, which may become a line of a message
	// (RFC 5322 2.1.1) or of a reply.
	maxAction = 990
	noOpinion = "DUNNO"
)

// Serve answers requests of Postfix's policy delegation protocol, one after the
// other, until the end of input, which is no error. What cannot be checked is
// answered DUNNO, and logged. A line that is to be put in front of a message
// (PREPEND) is given once for each message, however many recipients it has.
func (p *Program) Serve(ctx context.Context, c Checker, in io.Reader, out io.Writer, log *maillog.Logger) error {
	s := policy{program: p, checker: c, log: log}
	br := bufio.NewReader(eagerly(in))
	for {
		r, err := record.ReadBlock(br)
		action := noOpinion
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, record.ErrSyntax), errors.Is(err, record.ErrTooLong):
			log.Log(maillog.Warning, err.Error())
		case err != nil:
			return err
		default:
			action = s.answer(ctx, &r)
		}
		if _, err := io.WriteString(out, "action="+action+"\n\n"); err != nil {
			return err
		}
	}
}

// policy is the conversation with one Postfix process.
type policy struct {
	program *Program
	checker Checker
	log     *maillog.Logger

	instance, prepended string // the message that last had a line put in front
}

// answer makes the check and gives the action.
func (s *policy) answer(ctx context.Context, r *record.Record) string {
	if kind, ok := r.Lookup("request"); ok && kind != "smtpd_access_policy" {
		s.log.Log(maillog.Warning, "request="+kind+" is not known")
		return noOpinion
	}
	res, err := s.program.check(ctx, s.checker, r)
	if err != nil {
		s.log.Log(maillog.Warning, fmt.Sprintf("client_address=%s: %v", r.Value("client_address"), err))
		return noOpinion
	}
	action := strings.Map(inReply, maillog.Clean(res.Action(), maxAction))
	if action == "" || s.repeated(r.Value("instance"), action) {
		return noOpinion
	}
	return action
}

// inReply puts a question mark for what no line of a reply may have (RFC 5321
// 4.2).
func inReply(c rune) rune {
	if c > '~' {
		return '?'
	}
	return c
}

// repeated tells that the message has got this line already.
func (s *policy) repeated(instance, action string) bool {
	if instance == "" || !strings.HasPrefix(action, "PREPEND ") {
		return false
	}
	if s.instance == instance && s.prepended == action {
		return true
	}
	s.instance, s.prepended = instance, action
	return false
}
