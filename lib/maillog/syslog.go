package maillog

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// sendTimeout is how long a record may wait for the syslog daemon.
const sendTimeout = time.Second

// defaultFacility is "mail".
const defaultFacility = 2

// syslog writes datagrams to the local syslog daemon in the form of RFC 3164
// section 4.1, without the host's name, as daemons expect them there.
type syslog struct {
	facility int
	tag      string
	paths    []string
	fd       int // -1 while not connected
	now      func() time.Time
}

func newSyslog(o *Options) *syslog {
	s := &syslog{facility: defaultFacility, tag: o.Tag, fd: -1, now: time.Now}
	if i := index(facilities, o.Facility); i >= 0 {
		s.facility = i
	}
	if s.tag == "" {
		s.tag = "postern"
	}
	s.paths = []string{o.SyslogSocket}
	if o.SyslogSocket == "" {
		s.paths = []string{"/dev/log", "/var/run/log", "/var/run/syslog"}
	}
	return s
}

// write sends one record, and tries a second time on a new socket when the
// daemon was started anew.
func (s *syslog) write(p Priority, line string) {
	record := s.record(p, line)
	for range 2 {
		if s.fd < 0 && !s.connect() {
			return
		}
		if s.send(record) {
			return
		}
		unix.Close(s.fd)
		s.fd = -1
	}
}

// send gives a record to the daemon. What a full daemon does not take in time
// counts as sent.
func (s *syslog) send(record []byte) bool {
	for {
		_, err := unix.Write(s.fd, record)
		if err != unix.EINTR {
			return err == nil || err == unix.EAGAIN || err == unix.ENOBUFS
		}
	}
}

// record is the datagram: `<22>Nov 21 06:07:08 smtpd[123]: text`.
func (s *syslog) record(p Priority, line string) []byte {
	b := append([]byte(nil), '<')
	b = strconv.AppendInt(b, int64(s.facility*8+int(p)), 10)
	b = append(b, '>')
	b = s.now().AppendFormat(b, time.Stamp)
	b = append(append(b, ' '), s.tag...)
	b = append(b, '[')
	b = strconv.AppendInt(b, int64(os.Getpid()), 10)
	return append(append(b, "]: "...), line...)
}

// connect finds the daemon.
func (s *syslog) connect() bool {
	for _, path := range s.paths {
		if s.fd = dial(path); s.fd >= 0 {
			return true
		}
	}
	return false
}

// dial gives a socket that is connected to path and does not wait for long, -1
// when there is none.
func dial(path string) int {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return -1
	}
	unix.CloseOnExec(fd)
	timeout := unix.NsecToTimeval(sendTimeout.Nanoseconds())
	unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &timeout)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		unix.Close(fd)
		return -1
	}
	return fd
}
