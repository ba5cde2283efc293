package main

import (
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
}

func newGuests(room int) *guests { return &guests{room: room, of: make(map[net.Conn]*guest)} }

// enter lets one in.
func (g *guests) enter(conn net.Conn, uid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.of) >= g.room {
		g.dismiss()
	}
	g.of[conn] = &guest{uid, time.Now()}
}

// hear notes that one asks.
func (g *guests) hear(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one := g.of[conn]; one != nil {
		one.heard = time.Now()
	}
}

// leave closes a connection.
func (g *guests) leave(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.of, conn)
	conn.Close()
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
	if last != nil {
		delete(g.of, last)
		last.Close()
	}
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
