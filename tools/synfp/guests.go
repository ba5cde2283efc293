package main

import (
	"context"
	"net"
	"sync"
	"time"

	"postern/lib/caller"
)

// guests are the connections of those who ask. A further one than there is room
// for takes the place of another, so that no user of the host can keep the others
// out by connecting and asking nothing.
type guests struct {
	room int

	mu sync.Mutex
	of map[net.Conn]*guest
}

type guest struct {
	uid   int       // -1 where the system does not say
	heard time.Time // when he came, or asked last
	end   context.CancelFunc
}

func newGuests(room int) *guests { return &guests{room: room, of: make(map[net.Conn]*guest)} }

// enter lets one in. The context lasts until he has to go: what he has asked is
// no longer looked for then, or those who ask and hang up would become many.
func (g *guests) enter(conn net.Conn, uid int) context.Context {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.of) >= g.room {
		g.dismiss()
	}
	ctx, end := context.WithCancel(context.Background())
	g.of[conn] = &guest{uid, time.Now(), end}
	return ctx
}

// hear notes that one asks.
func (g *guests) hear(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one := g.of[conn]; one != nil {
		one.heard = time.Now()
	}
}

// leave closes a connection, unless that was done.
func (g *guests) leave(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.close(conn)
}

func (g *guests) close(conn net.Conn) {
	if one := g.of[conn]; one != nil {
		delete(g.of, conn)
		one.end()
		conn.Close()
	}
}

// makeRoom closes a connection, if there is any.
func (g *guests) makeRoom() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dismiss()
}

// dismiss closes that which has been silent for the longest, of the user who has
// the most.
func (g *guests) dismiss() {
	number := make(map[int]int) // of each user's connections
	for _, one := range g.of {
		number[one.uid]++
	}
	var last net.Conn
	for conn, one := range g.of {
		switch than := g.of[last]; {
		case than == nil, number[one.uid] > number[than.uid],
			number[one.uid] == number[than.uid] && one.heard.Before(than.heard):
			last = conn
		}
	}
	g.close(last)
}

// userOf is the user at the other end of a connection, -1 when he is unknown.
func userOf(conn net.Conn) (uid int) {
	uid = -1
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return uid
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return uid
	}
	raw.Control(func(fd uintptr) {
		if who, err := caller.Of(int(fd)); err == nil {
			uid = who
		}
	})
	return uid
}
