package main

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// limitEffects are those of how much a client may do, and how fast.
func limitEffects() []effect {
	return []effect{
		{directive: "MaxMsgSize", lines: []string{"MaxMsgSize 1K"},
			talk: ehlo("PIPELINING", "SIZE 1024", "8BITMIME", "CHUNKING", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN", "ETRN", "HELP") +
				"C: MAIL FROM:<> SIZE=2000\nS: 552 5.3.4 *\n" + fromA + rcptBob + "C: DATA\nS: 354 *\nC: \\{2000 x}\nC: .\nS: 552 5.3.4 *\n" + bye},
		{directive: "MaxRcpts", lines: []string{"RcptLimitCount 1"},
			talk: hi + fromA + rcptBob + "C: RCPT TO:<alice@mx.test>\nS: 452 4.5.3 *\n" + bye},
		{directive: "MaxRelayRcpts", lines: []string{"MaxRcpts 1", "MaxRelayRcpts 2"},
			// The third would be let in by the limit; that it may not relay is another matter.
			talk: hi + fromA + rcptBob + "C: RCPT TO:<alice@mx.test>\nS: 452 4.5.3 *\nC: RCPT TO:<x@other.example>\nS: 550 5.7.1 *\n" + bye},
		{directive: "MaxErrorRecipients", lines: []string{"max-error-recipients 1"},
			talk: hi + fromNull + rcptBob + "C: RCPT TO:<alice@mx.test>\nS: 550 5.7.1 *\nC: DATA\nS: 550 5.7.1 *\n" +
				fromNull + rcptBob + "C: RCPT TO:<alice@mx.test>\nS: 550 5.7.1 *\nC: BDAT 2 LAST\nC- \\r\\n\nS: 550 5.7.1 *\n" +
				fromA + rcptBob + "C: RCPT TO:<alice@mx.test>\nS: 250 *\n" + bye},
		{directive: "MaxErrors", lines: []string{"MaxErrors 2"},
			talk: hi + "C: RCPT TO:<x>\nS: 503 *\nC: RCPT TO:<x>\nS: 503 *\nS: 421 *\nS: <end>\n"},
		{directive: "MaxTextLine", lines: []string{"MaxTextLine 100"},
			talk: hi + fromA + rcptBob + "C: DATA\nS: 354 *\nC: \\{101 x}\nC: .\nS: 554 5.6.0 *\n" + bye},
		{directive: "DataTimeout", lines: []string{"DataTimeout 1"},
			talk: hi + fromA + rcptBob + "C: DATA\nS: 354 *\nC: half\nS: 421 4.4.2 *\nS: <end>\n"},
		{directive: "Tarpit", lines: []string{"tarpit 20 2"}, before: func(t *testing.T, in *instance) {
			list := slept(in)
			t.Cleanup(func() {
				if got := fmt.Sprint(*list); got != "[20s 1m0s 3m0s 4m10s 4m10s]" {
					t.Errorf("the client waited for %s", got)
				}
			})
		}, talk: hi + "C: X\nS: 500 *\nC: NOOP\nS: 250 *\nC: X\nS: 500 *\nC: MAIL FROM:<\nS: 501 *\n" + fromA +
			"C: RCPT TO:<nobody@mx.test>\nS: 550 *\nC: RCPT TO:<x@other.example>\nS: 550 *\n" + bye},
		{directive: "MinAvailSpace", lines: []string{"min-availspace 5000"}, before: shrinking,
			talk: hi + "C: MAIL FROM:<> SIZE=2000\nS: 452 4.3.1 *\n" + fromA + rcptBob + sendText + "S: 452 4.3.1 *\n" + bye},
		{directive: "MaxLoad", lines: []string{"MaxLoad 7"},
			before: func(_ *testing.T, in *instance) { loadIs(in, 8) },
			talk:   "S: 421 4.3.2 *\nS: <end>\n"},
	}
}

// shrinking is a disk that has room for a kilobyte more at first, and later
// less than there has to be.
func shrinking(_ *testing.T, in *instance) {
	asked := 0
	in.free = func(string) (int64, error) {
		asked++
		if asked <= 2 {
			return 5001 << 10, nil
		}
		return 4999 << 10, nil
	}
}

// loadIs sets the load average.
func loadIs(in *instance, n int) {
	in.load = func() (int, error) { return n, nil }
}

func TestTarpitForms(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"20", "0.5", "40"}, "[20 30 40 40]"},
		{[]string{"1", "0"}, "[1 1 1 1]"},
		{[]string{"300", "1"}, "[250 250 250 250]"},
	} {
		var p tarpit
		if err := p.set(c.args); err != nil {
			t.Errorf("%q: %v", c.args, err)
		}
		var got []float64
		for last := 0.0; len(got) < 4; got = append(got, last) {
			last = p.next(last)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%q waits %v, want %s", c.args, got, c.want)
		}
	}
	for _, args := range [][]string{nil, {"1"}, {"1", "x"}, {"1", "-1"}, {"1", "NaN"}, {"1", "2", "3", "4"}, {"4000", "1"}} {
		if err := new(tarpit).set(args); err == nil {
			t.Errorf("%q is a tarpit", args)
		}
	}
}

// A tarpit keeps one client, and only as long as it wants to be kept.
func TestTarpitEndsWithClient(t *testing.T) {
	in := newInstance(t, "Tarpit 60 0")
	client, server := pairOf(t)
	done := make(chan struct{})
	go func() { in.serve(server, stranger); close(done) }()
	client.Write([]byte("X\r\n"))
	time.Sleep(50 * time.Millisecond)
	talk(t, in, stranger, hi+bye)
	client.Close()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("a client that hung up is kept")
	}
}

// What cannot be known of the host keeps nobody out, and is said once.
func TestUnknownBurden(t *testing.T) {
	in := newInstance(t, "MaxLoad 7", "MinAvailSpace 1")
	in.load = func() (int, error) { return 0, errors.New("broken") }
	in.free = func(dir string) (int64, error) {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: errors.New("broken")}
	}
	talk(t, in, stranger, hi+wholeMail+wholeMail+bye)
	talk(t, in, stranger, hi+bye)
	for _, check := range []string{"check=load", "check=space"} {
		if n := countLines(in, check); n != 1 {
			t.Errorf("%s is %d times in the log:\n%s", check, n, in.log)
		}
	}
	in.conf.flags.verbose = true
	talk(t, in, stranger, hi+bye)
	if n := countLines(in, "check=load"); n != 2 {
		t.Errorf("with --verbose, check=load is %d times in the log:\n%s", n, in.log)
	}
}

// A complaint that is held back is counted.
func TestRepeats(t *testing.T) {
	var r repeats
	start := time.Now()
	for i, c := range []struct {
		after time.Duration
		held  int
		ok    bool
	}{{0, 0, true}, {time.Minute, 0, false}, {2 * time.Minute, 0, false}, {repeatAfter, 2, true}, {repeatAfter + 1, 0, false}} {
		if held, ok := r.pass("x", start.Add(c.after)); held != c.held || ok != c.ok {
			t.Errorf("time %d: %d, %v; want %d, %v", i, held, ok, c.held, c.ok)
		}
	}
	for i := range 10 * maxRepeats {
		r.pass(fmt.Sprint(i), start)
	}
	if len(r.seen) > maxRepeats {
		t.Errorf("%d complaints are remembered", len(r.seen))
	}
}
