package main

import (
	"context"
	"fmt"
	"time"
)

// show is the whole demonstration.
func show(ctx context.Context, f *flags, out *screen) (err error) {
	out.title("postern", "mail received here and now")
	in, err := newInstance(f.dir)
	if err != nil {
		return err
	}
	defer in.remove()
	if err := build(ctx, in, out); err != nil {
		return err
	}
	if err := in.furnish(time.Now()); err != nil {
		return err
	}
	l, err := listen(ctx, in, f.port)
	if err != nil {
		return err
	}
	defer l.stop()
	out.step("listen", fmt.Sprintf("waits on %s and starts an smtpd for each client", l.address))
	out.step("files", in.root)
	if err := showLetter(ctx, in, l, out); err != nil {
		return err
	}
	if f.once {
		return nil
	}
	showHints(in, l, out)
	return watch(ctx, in, l, out)
}

// showLetter sends the one message and shows its way: the dialogue, what
// smtpd decided, and the file.
func showLetter(ctx context.Context, in *instance, l *listener, out *screen) error {
	out.heading("One message, over SMTP", "C is the client, S is smtpd")
	err := sendLetter(ctx, l.address, func(who byte, line string) { out.dialogue(who, line) })
	if err != nil {
		return err
	}
	r, err := l.decision(ctx, letterSender)
	if err != nil {
		return err
	}
	out.heading("What smtpd decided", "the line it logged, an attribute a line")
	out.attributes(r)
	file, text, err := in.newest()
	if err != nil {
		return err
	}
	out.heading("What lies in the mailbox", "a Maildir: a file a message")
	out.text(text)
	out.remark(file)
	return nil
}

// watch shows each session until ctx ends, or listen does.
func watch(ctx context.Context, in *instance, l *listener, out *screen) error {
	for {
		select {
		case <-ctx.Done():
			out.end(in)
			return nil
		case line, ok := <-l.lines:
			if !ok {
				return l.died()
			}
			out.session(time.Now(), line)
		}
	}
}

// showHints prints what to try next. Every line can be copied as it stands.
func showHints(in *instance, l *listener, out *screen) {
	host, port := l.hostPort()
	out.heading("Now you", "from another terminal; any sender will do")
	out.command("swaks --server "+l.address+" --from you@example.org --to "+mailbox+" --tls",
		"a message by STARTTLS")
	out.command("swaks --server "+l.address+" --from you@example.org --to nobody@"+domain,
		"refused at RCPT: there is no such mailbox")
	out.command("telnet "+host+" "+port,
		"by hand: EHLO me.example, MAIL FROM:<me@example.org>, RCPT TO:<"+mailbox+">, DATA, some lines, a dot, QUIT")
	out.command("openssl s_client -quiet -crlf -starttls smtp -connect "+l.address,
		"the same by hand, encrypted; begin with EHLO")
	out.command("ls "+quote(in.maildir()+"/new"), "the mailbox, a file a message")
	out.command("${EDITOR:-vi} "+quote(in.configFile()), "the configuration; the next session obeys it")
	out.command("POSTERN_ROOT="+quote(in.root)+" "+quote(in.program("smtpd"))+" --check", "all that is in force")
	out.heading("Sessions", "each is shown here until you press ^C")
}
