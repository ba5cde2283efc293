package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postern/lib/client"
	"postern/lib/header"
	"postern/lib/smtp"
	"postern/lib/tlsconf"
)

const (
	letterName    = "laptop.example"
	letterSender  = "demo@" + letterName
	letterSubject = "The gate is open"
	sendTime      = 20 * time.Second // for the whole session
)

// letterText is the message.
func letterText(now time.Time) string {
	return "From: Postern demo <" + letterSender + ">\n" +
		"To: <" + mailbox + ">\n" +
		"Subject: " + letterSubject + "\n" +
		"Date: " + header.Date(now) + "\n" +
		fmt.Sprintf("Message-ID: <%d@%s>\n", now.UnixNano(), letterName) +
		"\n" +
		"This message came over SMTP, encrypted, and was synced to disk\n" +
		"before smtpd said 250.\n" +
		".\n" +
		"The dot above was on the way as two.\n"
}

// sendLetter sends the message as any client would, and tells the transcript.
func sendLetter(ctx context.Context, address string, transcript func(byte, string)) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	s, err := client.Dial(ctx, "tcp", address, client.Options{Name: letterName, Transcript: transcript})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := introduce(ctx, s); err != nil {
		return fmt.Errorf("the demonstration's own message: %w", err)
	}
	text := letterText(time.Now())
	result, err := s.Send(ctx, letterEnvelope(text), strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("the demonstration's own message: %w", err)
	}
	if r := result.Recipients[0]; r.Class() != 2 {
		return fmt.Errorf("the demonstration's own message was refused: %s", r)
	}
	s.Quit(ctx)
	return nil
}

// introduce says EHLO, STARTTLS, and EHLO again.
func introduce(ctx context.Context, s *client.Session) error {
	if _, err := s.Greet(ctx); err != nil {
		return err
	}
	if _, err := s.Hello(ctx); err != nil {
		return err
	}
	_, err := s.StartTLS(ctx, tlsconf.Policy{ServerName: hostname}.Config())
	return err
}

// letterEnvelope is the message's envelope.
func letterEnvelope(text string) *smtp.Envelope {
	return &smtp.Envelope{
		Sender:     smtp.Mailbox{Local: "demo", Domain: letterName},
		Size:       int64(len(text) + strings.Count(text, "\n")), // with CRLF
		Recipients: []smtp.Recipient{{Mailbox: smtp.Mailbox{Local: user, Domain: domain}}},
	}
}
