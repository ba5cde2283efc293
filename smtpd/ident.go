package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"postern/lib/maillog"
	"postern/lib/record"
)

const (
	identPort  = 113
	maxIdent   = 1000 // octets of an answer, RFC 1413 section 6
	maxIdentID = 64   // octets of it that are kept
)

// An identity is what a client's host says about the user behind the connection
// (RFC 1413), "" for nothing. It is asked while the dialogue goes on; nil means
// that nobody asked.
type identity struct{ *inquiry[string] }

// askIdent begins to ask the host of a client.
func (srv *server) askIdent(p peer) *identity {
	if srv.conf.wire.identWait == 0 || !p.known() || !p.server.IsValid() {
		return nil
	}
	return &identity{inquire(srv, "ident", srv.conf.wire.identWait, func(ctx context.Context) string {
		user, _ := askIdentd(ctx, p.client, p.server, srv.identPort)
		return user
	})}
}

// askIdentd asks the host of client whose connection to server it is. It asks
// from the address that the client knows us by.
func askIdentd(ctx context.Context, client, server netip.AddrPort, port uint16) (string, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(server.Addr(), 0))}
	c, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(client.Addr(), port).String())
	if err != nil {
		return "", err
	}
	defer c.Close()
	if t, ok := ctx.Deadline(); ok {
		c.SetDeadline(t)
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := fmt.Fprintf(c, "%d , %d\r\n", client.Port(), server.Port()); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(io.LimitReader(c, maxIdent)).ReadString('\n')
	if err != nil {
		return "", err
	}
	return parseIdent(line, client.Port(), server.Port())
}

// parseIdent takes the user out of an answer: ports : USERID : system : user
// (RFC 1413 section 6).
func parseIdent(line string, client, server uint16) (string, error) {
	part := strings.SplitN(strings.TrimRight(line, "\r\n"), ":", 4)
	if len(part) < 3 || !samePorts(part[0], client, server) {
		return "", errors.New("ident: not an answer to the question")
	}
	kind := strings.TrimSpace(part[1])
	if len(part) < 4 || !strings.EqualFold(kind, "USERID") {
		return "", fmt.Errorf("ident: %s", maillog.Clean(strings.TrimSpace(part[2]), maxIdentID))
	}
	return maillog.Clean(strings.TrimSpace(part[3]), maxIdentID), nil
}

// samePorts says whether an answer is about our connection.
func samePorts(text string, client, server uint16) bool {
	a, b, _ := strings.Cut(text, ",")
	n, err1 := strconv.ParseUint(strings.TrimSpace(a), 10, 16)
	m, err2 := strconv.ParseUint(strings.TrimSpace(b), 10, 16)
	return err1 == nil && err2 == nil && uint16(n) == client && uint16(m) == server
}

// wait returns what was said, in ZMailer's words when nothing was, and puts
// it into the record.
func (id *identity) wait(r *record.Record) string {
	if id == nil {
		return "IDENT-NOT-QUERIED"
	}
	user := id.inquiry.wait()
	if user == "" {
		return "IDENT-CALL-FAULT"
	}
	r.Set("client_ident", user)
	return user
}

// peek notes what was said if it is known by now.
func (id *identity) peek(r *record.Record) {
	if id != nil && id.over() {
		id.wait(r)
	}
}

// stop ends a question whose answer nobody waits for any more.
func (id *identity) stop() {
	if id != nil {
		id.inquiry.stop()
	}
}
