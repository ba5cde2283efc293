package main

import (
	"net/netip"
	"os"
	"time"

	"postern/lib/loadavg"
	"postern/lib/maillog"
)

// A stage is how far a server has come.
type stage int

const (
	serving stage = iota
	ending        // no new connections; sessions may end
	killing       // sessions are ended
)

// A server is what listen is at work. All of it belongs to the one goroutine
// of loop; the others (one for each socket that listens, for each worker, for
// each PROXY header that is on its way) only send it what they have.
type server struct {
	cfg       *config
	log       *journal
	now       func() time.Time
	env       []string // of programs
	workerEnv []string
	null      int // descriptor of /dev/null

	stage     stage
	limit     time.Time // of the stage; zero: none
	listeners []*listener
	gate      gate
	load      loadMeter
	children  map[int]child
	refusals  []refusal
	asked     map[netip.Addr]time.Time // until when a client need not be kept out once more
	pool      pool
	headings  int // PROXY headers that are on their way
	pid       *pidFile
	look      look // at a configuration, on reload

	arrivals chan conn
	headed   chan heading
	words    chan word
	closed   chan *listener
	child    chan os.Signal // SIGCHLD
	control  chan os.Signal // the other signals
	timer    *time.Timer
}

func newServer(c *config, log *journal, null int) *server {
	s := &server{
		log:      log,
		now:      time.Now,
		null:     null,
		gate:     gate{of: map[netip.Addr]tally{}},
		load:     loadMeter{ask: loadavg.Average},
		children: map[int]child{},
		arrivals: make(chan conn),
		headed:   make(chan heading),
		words:    make(chan word),
		closed:   make(chan *listener),
		child:    make(chan os.Signal, 1), // one stands for all
		control:  make(chan os.Signal, 8),
		timer:    time.NewTimer(0),
	}
	s.adopt(c)
	return s
}

// adopt makes a configuration the one in force.
func (s *server) adopt(c *config) {
	s.cfg = c
	s.gate.total, s.gate.each = c.total, c.each
	env := environment(os.Environ())
	s.env = oneProcessor(env)
	s.workerEnv = s.env
	if c.workers.atOnce > 1 {
		s.workerEnv = env
	}
	if room := c.workers.n * c.workers.atOnce; room > c.total {
		s.log.event(maillog.Notice, "limited", "workers", itoa(room), "max_clients", itoa(c.total))
	}
}

// open begins to accept from a listener.
func (s *server) open(l *listener) {
	s.listeners = append(s.listeners, l)
	s.log.event(maillog.Info, "listening", l.ends()...)
	backlog := s.cfg.backlog
	go func() {
		l.run(func(c conn) { s.arrivals <- c }, func(err error) {
			s.log.seldom(aboutAccept, maillog.Err, "error", "error", err.Error())
		}, backlog)
		s.closed <- l
	}()
}

// loop is the server at work. It returns when it was told to stop and nothing
// is left.
func (s *server) loop() {
	for {
		now := s.now()
		s.tend(now)
		if s.finished() {
			return
		}
		s.setAlarm(now)
		select {
		case c := <-s.arrivals:
			s.arrive(c)
		case h := <-s.headed:
			s.introduced(h)
		case w := <-s.words:
			s.heard(w)
		case l := <-s.closed:
			s.forget(l)
		case <-s.child:
			s.reap()
		case sig := <-s.control:
			s.signalled(sig)
		case <-s.timer.C:
		}
	}
}

// arrive judges a new connection and has it served.
func (s *server) arrive(c conn) {
	if !c.stated && s.cfg.fromProxy(c.client.Addr()) {
		s.introduce(c)
		return
	}
	key := c.key()
	if v := s.judge(key); v != admit {
		s.refuse(c, v)
		return
	}
	if s.log.debug {
		s.log.event(maillog.Debug, "connection", "client_address", c.from(),
			"sessions", itoa(s.gate.live+1))
	}
	s.gate.enter(key)
	s.dispatch(c)
}

// judge says what is to become of a connection of the client.
func (s *server) judge(key netip.Addr) verdict {
	v := s.gate.ask(key)
	if v != admit {
		// There may be a place that nobody has told us of yet.
		s.reap()
		v = s.gate.ask(key)
	}
	if v == admit && s.load.above(s.cfg.load, s.now()) {
		return s.gate.politely(overloaded)
	}
	return v
}

// introduce waits, beside everything else, for the PROXY header of a
// connection. Meanwhile it is a session of nobody.
func (s *server) introduce(c conn) {
	if s.gate.live >= s.gate.total {
		s.refuse(c, s.gate.politely(manyHere))
		return
	}
	s.gate.enter(netip.Addr{})
	s.headings++
	go func() {
		c, err := readHeading(c)
		s.headed <- heading{c, err}
	}()
}

// introduced goes on with a connection whose PROXY header was read.
func (s *server) introduced(h heading) {
	s.headings--
	s.gate.leave(netip.Addr{})
	if h.err != nil {
		s.log.seldom(aboutHeadings, maillog.Warning, "no_proxy_header",
			"client_address", h.conn.from(), "error", h.err.Error())
		h.conn.close()
		return
	}
	s.arrive(h.conn)
}

// tend does what is due.
func (s *server) tend(now time.Time) {
	s.dismiss(now)
	s.look.tend(now)
	s.feed(now)
	if s.stage == serving {
		s.fill(now)
		return
	}
	if len(s.listeners) == 0 && s.headings == 0 && len(s.pool.waiting) == 0 {
		s.retire()
	}
	if !s.limit.IsZero() && !now.Before(s.limit) {
		s.kill()
	}
}

// setAlarm sets the timer to when something will be due next.
func (s *server) setAlarm(now time.Time) {
	var next time.Time
	consider := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if len(s.refusals) > 0 {
		consider(s.refusals[0].until)
	}
	if len(s.pool.waiting) > 0 {
		consider(s.pool.waiting[0].until)
	}
	if s.pool.next.After(now) {
		consider(s.pool.next)
	}
	if s.look.pid != 0 {
		consider(s.look.until)
	}
	if !s.limit.IsZero() {
		consider(s.limit)
	}
	if next.IsZero() {
		s.timer.Stop()
		return
	}
	s.timer.Reset(max(next.Sub(now), 0))
}

// finished says whether nothing is left to do. Who has not even said who he
// is, or has waited for a worker, is not waited for when sessions are ended.
func (s *server) finished() bool {
	return s.stage != serving && len(s.listeners) == 0 && len(s.children) == 0 &&
		(s.gate.live == 0 || s.stage == killing)
}
