package main

import (
	"fmt"
	"strings"
	"time"

	"postern/lib/conf"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// defaultDelay is when the sender of a message that waits is told.
const defaultDelay = 4 * time.Hour

// defaultNotices is what is told when nobody has said otherwise.
func defaultNotices() notices { return notices{delay: defaultDelay, double: discardDouble} }

// noticeRows say who is told of what.
var noticeRows = []conf.Row[notices]{
	{Name: "DelayNotice", Args: "time", Default: "4h",
		Value: func(n *notices) conf.Value { return conf.Duration(&n.delay) },
		Help:  "How long a message may wait before its sender is told, once; 0 for never."},
	{Name: "DoubleBounce", Args: "discard|keep|address", Default: discardDouble,
		Value: func(n *notices) conf.Value { return conf.Func(n.setDouble) },
		Help:  "What becomes of a report that cannot be delivered itself: it is thrown away, kept in failed/ in the queue, or reported to this address. Of those that come in from elsewhere none is reported."},
}

// setDouble is DoubleBounce.
func (n *notices) setDouble(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("wants %s, %s or an address", discardDouble, keepDouble)
	}
	word := args[0]
	if word != discardDouble && word != keepDouble {
		if m, err := smtp.ParseMailbox(word, true); err != nil || m.Domain == "" {
			return fmt.Errorf("%q is no address with a domain", word)
		}
	}
	n.double = word
	return nil
}

// isLate says whether recipient i, who still waits, has become late, and the
// sender is to be told, which he has not been.
func (r *runner) isLate(e *queue.Entry, i int) bool {
	s := e.Status(i)
	if !s.State.Open() || e.ToldLate(i) || r.notices.delay == 0 || e.Envelope.Sender.IsZero() || !e.Envelope.Recipients[i].Wants(smtp.Delay) {
		return false
	}
	return age(e.Created, s.Tried, s.Tries) >= r.notices.delay
}

// arrival is the state of a recipient who has been served: Arrived when the
// sender wants to hear of that, and no other host will tell him.
func arrival(env *smtp.Envelope, i int, res result) queue.State {
	toldElsewhere := res.Onward || res.Host != "" && !res.NoDSN
	if toldElsewhere || env.Sender.IsZero() || !env.Recipients[i].Wants(smtp.Success) {
		return queue.Done
	}
	return queue.Arrived
}

// answer is what was answered as the queue keeps it, with the host that
// answered in front, without the blank between its name and address.
func answer(host string, reply smtp.Reply) string {
	if host == "" {
		return reply.String()
	}
	return strings.ReplaceAll(host, " ", "") + ": " + reply.String()
}

// parseAnswer reads what answer wrote, whatever words the queue has in front
// of it. What is no reply is one of ours.
func parseAnswer(text string) (host string, reply smtp.Reply) {
	for rest := text; ; {
		if reply, err := smtp.ParseReply(rest); err == nil {
			return host, reply
		}
		word, behind, ok := strings.Cut(rest, ": ")
		if !ok {
			return "", smtp.Say(554, smtp.NoDetail, text)
		}
		if !strings.Contains(word, " ") {
			host = word
		}
		rest = behind
	}
}
