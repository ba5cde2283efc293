package check

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"

	"postern/lib/conf"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

// ListFiles are the places of the postmaster's lists. Where one is empty
// there is no such list; a file that is named need not exist.
type ListFiles struct {
	Blocked      string // file: who is blocked, of clients and senders
	NamesBlocked string // file: recipients who get nothing
	Senders      string // file: recipients who get mail from some hosts only
	Ratify       string // folder: trusted/, and a folder for each class
}

// Lists are the postmaster's lists, which many sessions may ask at once. Files
// are parsed when first needed and again when they have changed.
type Lists struct {
	blocked  safefile.Source[*blocked]
	names    safefile.Source[nameSet]
	senders  safefile.Source[senderSet]
	ratified ratify
}

// NewLists makes lists of files; nothing is opened yet. It is nil when no file
// is named. warn hears of every line that is not understood, with file and
// line.
func NewLists(f ListFiles, now func() time.Time, warn func(error)) *Lists {
	if f == (ListFiles{}) {
		return nil
	}
	l := &Lists{ratified: ratify{dir: f.Ratify, now: now}}
	l.blocked.Path, l.names.Path, l.senders.Path = f.Blocked, f.NamesBlocked, f.Senders
	prepare(&l.blocked, now, warn, parseBlocked)
	prepare(&l.names, now, warn, parseNames)
	prepare(&l.senders, now, warn, parseSenders)
	return l
}

// prepare makes a file's source ready. Lines with mistakes do not keep the
// others from being obeyed.
func prepare[T any](s *safefile.Source[T], now func() time.Time, warn func(error), parse func(string, []byte) (T, []error)) {
	s.Max, s.Now = conf.MaxFile, now
	s.Parse = func(file string, text []byte) (T, error) {
		value, errs := parse(file, text)
		for _, err := range errs {
			warn(err)
		}
		return value, nil
	}
}

// load is the content of a list, the zero value where there is none.
func load[T any](s *safefile.Source[T]) (value T, err error) {
	if s.Path == "" {
		return value, nil
	}
	return s.Load()
}

// Check reads all files, so that warn hears of every mistake in them, and
// returns what keeps a file from being read.
func (l *Lists) Check() []error {
	if l == nil {
		return nil
	}
	var errs []error
	for _, check := range []func() error{
		func() error { _, err := load(&l.blocked); return err },
		func() error { _, err := load(&l.names); return err },
		func() error { _, err := load(&l.senders); return err },
	} {
		if err := check(); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// Trusted says whether the ratify tree vouches for a client.
func (l *Lists) Trusted(client netip.Addr) (bool, error) {
	if l == nil || l.ratified.dir == "" || !client.IsValid() {
		return false, nil
	}
	return l.ratified.trusted(client)
}

// listed is a class and the entry that gives it, in words for the log.
type listed struct {
	class Class
	from  string
}

// better takes the one that counts of the two.
func (l listed) better(other listed) listed {
	if l.class == Unlisted || other.class != Unlisted && other.class < l.class {
		return other
	}
	return l
}

// find is what the lists say about the client or, if they say nothing about it,
// about the sender.
func (l *Lists) find(client netip.Addr, sender smtp.Mailbox) (listed, error) {
	if l == nil {
		return listed{}, nil
	}
	list, err := load(&l.blocked)
	tree := l.ratified.open(&err)
	defer tree.close()
	best := l.inFile(list.client(client)).better(tree.client(client))
	if best.class == Unlisted {
		best = l.inFile(list.sender(sender)).better(tree.sender(sender))
	}
	return best, err
}

// inFile names the line of an entry of the file blocked.
func (l *Lists) inFile(e entry) listed {
	return listed{e.class, fmt.Sprintf("%s:%d", l.blocked.Path, e.line)}
}

// eachLine parses the grammar of all lists, words between blanks and commas,
// and has add take each line. The errors are its, with file and line, up to a
// bound.
func eachLine(file string, text []byte, add func(conf.Line) error) (errs []error) {
	lines, err := conf.Parse(conf.Plan9, file, bytes.NewReader(text))
	if err != nil {
		errs = append(errs, err)
	}
	for _, line := range lines {
		if err := add(line); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", line.Pos(), err))
		}
		if len(errs) >= conf.MaxErrors {
			return append(errs, fmt.Errorf("%s: too many errors, the rest is not read", file))
		}
	}
	return errs
}
