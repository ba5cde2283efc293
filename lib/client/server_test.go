package client

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/smtptest"
)

// serve starts a server that plays the dialogue, whose lines may be indented
// by tabs, and returns a session with it, of which nothing was read.
func serve(t *testing.T, dialogue string, o Options) *Session {
	t.Helper()
	lines := strings.Split(dialogue, "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], "\t")
	}
	address := smtptest.Serve(t, smtptest.Player{TLS: smtptest.ServerConfig(t, "mx.example")}, strings.Join(lines, "\n"))
	o.Name = "me.example"
	session, err := Dial(t.Context(), "tcp", address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// ready is serve behind the banner and EHLO. Offers are the lines of its
// answer behind the first.
func ready(t *testing.T, offers []string, dialogue string, o Options) *Session {
	t.Helper()
	hello := []string{"S: 220 mx.example", "C: EHLO me.example"}
	if o.LMTP {
		hello[1] = "C: LHLO me.example"
	}
	for _, line := range append([]string{"mx.example"}, offers...) {
		hello = append(hello, "S: 250-"+line)
	}
	last := &hello[len(hello)-1]
	*last = strings.Replace(*last, "250-", "250 ", 1)
	session := serve(t, strings.Join(slices.Concat(hello, []string{dialogue}), "\n"), o)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := session.Greet(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	return session
}
