package client

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"postern/lib/smtp"
)

// moody is a server that follows the rules of the protocol and answers as
// chance has it. Each of its refusals names the message that it is about, and
// what it has taken it remembers: so a verdict that was given to the wrong
// message shows.
type moody struct {
	chance *rand.Rand
	offers []string
	lmtp   bool
	raw    bool // takes the text of a refused BDAT for commands, which RFC 3030 forbids

	mu    sync.Mutex
	taken map[string]bool // "message recipient"

	conn    net.Conn
	in      *smtp.Reader
	message string   // whose MAIL came last
	open    bool     // in a transaction
	lost    bool     // a chunk was refused, and RSET has not come
	rcpts   []string // that were taken
}

// moods are what a command may be answered, one of so many.
const moods = 40

// answer says yes, or something else. ok is whether it was yes; alive, whether
// the session goes on.
func (m *moody) answer(yes int, about string) (ok, alive bool) {
	code := yes
	switch m.chance.IntN(moods) {
	case 0:
		code = 421
	case 1:
		return false, false
	case 2, 3, 4:
		code = 550
	case 5, 6:
		code = 452
	case 7:
		code = []int{200, 250, 354, 299, 334, 500, 503}[m.chance.IntN(7)]
	}
	ok = code/100 == yes/100
	if ok && yes == 354 {
		ok = code == 354
	}
	return ok, m.say(code, about) && code != 421
}

func (m *moody) say(code int, about string) bool {
	_, err := fmt.Fprintf(m.conn, "%d %s\r\n", code, about)
	return err == nil
}

// serve is one connection.
func (m *moody) serve(conn net.Conn) {
	defer conn.Close()
	m.conn, m.in, m.open, m.lost = conn, smtp.NewReader(conn), false, false
	alive := m.say(220, "x")
	for alive {
		line, err := m.in.Line(2000)
		if err != nil {
			return
		}
		alive = m.obey(string(line))
	}
}

// obey answers one command.
func (m *moody) obey(line string) (alive bool) {
	verb := verb(line)
	switch {
	case verb == "EHLO" || verb == "LHLO":
		fmt.Fprintf(m.conn, "250-%s\r\n250 x\r\n", strings.Join(append([]string{"x"}, m.offers...), "\r\n250-"))
		return true
	case verb == "RSET":
		m.open, m.lost = false, false
		return m.say(250, "reset")
	case verb == "QUIT":
		m.say(221, "bye")
		return false
	case verb == "MAIL":
		m.message = strings.TrimSuffix(strings.TrimPrefix(strings.Fields(line)[1], "FROM:<"), "@x>")
		if m.open || m.lost {
			return m.say(503, m.message+" out of order")
		}
		var ok bool
		ok, alive = m.answer(250, m.message)
		m.open, m.rcpts = ok, nil
		return alive
	case verb == "RCPT":
		return m.rcpt(strings.TrimSuffix(strings.TrimPrefix(strings.Fields(line)[1], "TO:<"), "@x>"))
	case verb == "DATA":
		return m.data()
	case verb == "BDAT":
		return m.bdat(line)
	}
	return m.say(500, "what is "+line)
}

func (m *moody) rcpt(to string) bool {
	if !m.open {
		return m.say(503, m.message+" "+to+" out of order")
	}
	ok, alive := m.answer(250, m.message+" "+to)
	if ok {
		m.rcpts = append(m.rcpts, to)
	}
	return alive
}

func (m *moody) data() bool {
	// Some servers ask for a message that nobody is to get (RFC 2920 3.1).
	if !m.open || len(m.rcpts) == 0 && (m.lmtp || m.chance.IntN(2) == 0) {
		return m.say(503, m.message+" nobody")
	}
	if ok, alive := m.answer(354, m.message); !ok {
		return alive
	}
	if _, err := m.in.Text(new(strings.Builder), smtp.TextOptions{}); err != nil {
		return false
	}
	return m.end()
}

func (m *moody) bdat(line string) bool {
	var size int64
	fmt.Sscanf(line, "BDAT %d LAST", &size)
	refused := !m.open || len(m.rcpts) == 0
	if !(refused && m.raw) && m.in.Discard(size) != nil {
		return false
	}
	if refused {
		m.lost = true
		return m.say(503, m.message+" nobody")
	}
	return m.end()
}

// end answers a text: what is lost behind it may have been taken.
func (m *moody) end() (alive bool) {
	m.open = false
	if !m.lmtp {
		return m.keep(m.rcpts, m.message)
	}
	for _, to := range m.rcpts {
		if !m.keep([]string{to}, m.message+" "+to) {
			return false
		}
	}
	return true
}

// keep takes a text for some recipients, or not.
func (m *moody) keep(rcpts []string, about string) (alive bool) {
	if m.chance.IntN(moods) == 0 { // it was taken, and the answer is lost
		m.take(rcpts)
		return false
	}
	m.mu.Lock() // the answer must not be seen before what it means
	defer m.mu.Unlock()
	ok, alive := m.answer(250, about)
	if ok {
		m.takeLocked(rcpts)
	}
	m.lost = !ok && slices.Contains(m.offers, "CHUNKING")
	return alive
}

func (m *moody) take(rcpts []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.takeLocked(rcpts)
}

func (m *moody) takeLocked(rcpts []string) {
	for _, to := range rcpts {
		m.taken[m.message+" "+to] = true
	}
}

// TestVerdicts compares what is told of each message and recipient with what
// the server has done, over many sessions of several messages each.
func TestVerdicts(t *testing.T) {
	for seed := range uint64(2000) {
		m := &moody{chance: rand.New(rand.NewPCG(seed, 0)), taken: map[string]bool{}}
		for _, offer := range []string{"PIPELINING", "CHUNKING", "8BITMIME", "SIZE"} {
			if m.chance.IntN(3) > 0 {
				m.offers = append(m.offers, offer)
			}
		}
		m.lmtp, m.raw = m.chance.IntN(4) == 0, m.chance.IntN(4) == 0
		converse(t, m, rand.New(rand.NewPCG(seed, 1)))
		if t.Failed() {
			t.Fatalf("seed %d, offers %v, LMTP %v, raw %v", seed, m.offers, m.lmtp, m.raw)
		}
	}
}

// converse sends up to 9 messages in one session.
func converse(t *testing.T, m *moody, chance *rand.Rand) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var served sync.WaitGroup
	served.Go(func() {
		if conn, err := l.Accept(); err == nil {
			m.serve(conn)
		}
	})
	var dialogue []string
	s, err := Dial(t.Context(), "tcp", l.Addr().String(), Options{
		Name: "me.example", LMTP: m.lmtp,
		Transcript: func(who byte, line string) { dialogue = append(dialogue, fmt.Sprintf("%c: %s", who, line)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.Greet(t.Context()); err == nil {
		_, err = s.Hello(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	checkVerdicts(t, m, s, chance)
	s.Quit(t.Context())
	served.Wait()
	if t.Failed() {
		t.Log(strings.Join(dialogue, "\n"))
	}
}

func checkVerdicts(t *testing.T, m *moody, s *Session, chance *rand.Rand) {
	n, told := 1+chance.IntN(9), 0
	next := 0
	err := s.Deliver(t.Context(), func(wait bool) (*Message, bool) {
		if next == n || !wait && chance.IntN(4) == 0 {
			return nil, next < n
		}
		next++
		name := fmt.Sprintf("m%d", next)
		env := &smtp.Envelope{Sender: smtp.Mailbox{Local: name, Domain: "x"}}
		for i := range 1 + chance.IntN(4) {
			env.Recipients = append(env.Recipients, smtp.Recipient{Mailbox: smtp.Mailbox{Local: fmt.Sprintf("r%d", i), Domain: "x"}})
		}
		text := textOf(t, strings.Repeat("VRFY <x>\n.\n", chance.IntN(20)))
		return &Message{env, text, func(r Result, err error) {
			told++
			m.check(t, name, r, err)
		}}, next < n
	})
	if told != next || err == nil && next != n {
		t.Errorf("%d messages, %d taken, %d told; %v", n, next, told, err)
	}
}

// check compares the result of one message with what the server knows.
func (m *moody) check(t *testing.T, name string, r Result, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, reply := range r.Recipients {
		who := fmt.Sprintf("%s r%d", name, i)
		taken, text := m.taken[who], reply.Lines
		switch {
		case reply.IsZero() && (err == nil || taken && !r.Uncertain):
			t.Errorf("%s: no reply, uncertain %v, %v; taken %v", who, r.Uncertain, err, taken)
		case reply.IsZero():
		case taken != (reply.Class() == 2):
			t.Errorf("%s: %v; taken %v", who, reply, taken)
		case reply.Code == 421 && strings.HasPrefix(text[0], name): // it may have been said to another
		case !slices.Contains([]string{name, who, name + " nobody"}, text[0]) && !strings.HasPrefix(text[0], "the next server said "):
			t.Errorf("%s was told %v", who, reply)
		}
	}
}
