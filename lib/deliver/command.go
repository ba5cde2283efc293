package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"postern/lib/place"
	"postern/lib/prog"
	"postern/lib/record"
	"postern/lib/rewrite"
	"postern/lib/safefile"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

const (
	// commandLimit is how long a command may take with a message.
	commandLimit = 5 * time.Minute
	// askLimit is how long a command of a rule may take with its answer.
	askLimit = 30 * time.Second
)

// commandError is a command that says no by its exit status.
type commandError struct {
	where string
	reply smtp.Reply
}

func (e *commandError) Error() string { return e.where + ": " + e.reply.String() }

// ruleCommand is a rule |. Its words are those of the rule; what the address
// and the sender put into them stays within each.
func (r *route) ruleCommand(match rewrite.Match, m smtp.Mailbox) error {
	words, err := r.command(match)
	if err != nil {
		return err
	}
	return r.add(Destination{Kind: Command, Path: rewrite.Join(words), Mailbox: m})
}

// command is the words of a rule's command for this message.
func (r *route) command(match rewrite.Match) ([]string, error) {
	r.passing = true // it may depend on the sender
	words, err := match.Command(rewrite.Values{
		Host: r.d.config.Hostname, Sender: r.sender.String(), Bulk: r.sender.IsZero(),
	})
	if errors.Is(err, rewrite.ErrOption) {
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return words, err
}

// ask is a rule translate or auth: a command says which the other addresses
// are, or whether mail for m is permitted.
func (r *route) ask(ctx context.Context, match rewrite.Match, m smtp.Mailbox, chain []string) error {
	self := strings.ToLower(m.String())
	if match.Kind == rewrite.Translate && slices.Contains(chain, self) {
		return fmt.Errorf("%s: %s %w", match.Where(), self, errLoop)
	}
	words, err := r.command(match)
	if err != nil {
		return err
	}
	if !r.d.config.Commands {
		return r.add(Destination{Kind: Later, Mailbox: m, Path: match.Where() + ": runq asks " + words[0]})
	}
	text, err := r.d.answer(ctx, match.Where(), words, r.sender, m)
	switch {
	case err != nil:
		return err
	case match.Kind == rewrite.Auth:
		r.permitted = append(r.permitted, m)
		return r.expand(ctx, m, chain)
	case len(addressWords(text)) == 0:
		return r.add(Destination{Kind: Nobody, Mailbox: m})
	}
	return r.replace(ctx, match, text, append(slices.Clip(chain), self))
}

// answer runs the command of a rule and gives what it prints.
func (d *Deliverer) answer(ctx context.Context, where string, words []string, sender, m smtp.Mailbox) (string, error) {
	result, err := prog.Run(ctx, prog.Command{
		Path: words[0], Args: words[1:], Dir: "/", Cred: d.config.CommandAs, Limit: askLimit,
		Env: d.environ(Delivery{Sender: sender, Dest: Destination{Mailbox: m}}),
	})
	if err != nil {
		return "", fmt.Errorf("%s: %w", where, err)
	}
	if result.Status != sysexits.OK {
		return "", &commandError{where, smtp.FromExit(result.Status, result.Reason)}
	}
	return string(result.Output), nil
}

// finalCommand gives the message to a command.
func (d *Deliverer) finalCommand(ctx context.Context, v Delivery) Outcome {
	if !d.config.Commands {
		return deferred(smtp.BadConfiguration, "commands are run by runq")
	}
	words, err := rewrite.Split(v.Dest.Path)
	if err == nil && len(words) == 0 {
		err = errDestination
	}
	if err != nil {
		return failed(err)
	}
	return d.pipe(ctx, v, prog.Command{
		Path: words[0], Args: words[1:], Env: d.environ(v), Dir: "/", Cred: d.config.CommandAs,
	})
}

// pipe runs a command with the message, and with the fields of final delivery
// in front of it, on its standard input.
func (d *Deliverer) pipe(ctx context.Context, v Delivery, c prog.Command) Outcome {
	if err := d.notDelivered(v.Dest.Mailbox.String(), v.Text); err != nil {
		return failed(err)
	}
	text, err := d.complete(v)
	if err != nil {
		return failed(err)
	}
	defer text.Close()
	c.Stdin = text
	if c.Join = v.Child; !v.Child { // whose time the parent limits
		c.Limit = commandLimit
	}
	result, err := prog.Run(ctx, c)
	if err != nil {
		return failed(err)
	}
	return fromExit(result, "| "+c.Path)
}

// complete is a file with the message as a mailbox would get it.
func (d *Deliverer) complete(v Delivery) (*os.File, error) {
	dir := os.TempDir() // of the user, whose the queue is not
	if !v.Child {
		q, err := d.Queue()
		if err != nil {
			return nil, err
		}
		dir = q.Dir()
	}
	draft := safefile.NewDraft(dir, 0)
	defer draft.Discard()
	if _, err := draft.Write(finalFields(v.Sender, v.Dest.Mailbox.String())); err != nil {
		return nil, err
	}
	if _, err := io.Copy(draft, v.Text); err != nil {
		return nil, err
	}
	return draft.File()
}

// environ is the environment of a command: the record of the message, and what
// a program needs to run at all.
func (d *Deliverer) environ(v Delivery) []string {
	var rec record.Record
	rec.Set("server_name", d.config.Hostname)
	rec.Set("sender", v.Sender.String())
	rec.Set("recipient", v.Dest.Mailbox.String())
	if v.ID != "" {
		rec.Set("queue_id", v.ID)
	}
	return prog.Inherit(append(rec.Environ(), prog.SearchPath), "TZ", "LANG", place.RootEnv)
}
