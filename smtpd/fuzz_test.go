package main

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/lib/check"
	"postern/lib/e2e"
	"postern/lib/record"
	"postern/lib/smtp"
)

// opening is what brings a session to where a message may come.
const opening = "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<bob@mx.test>\r\n"

// FuzzSession: whatever a client sends, and in whatever pieces, each of its
// lines, texts and chunks is answered once, and what stands in a text or a
// chunk is never taken for a command. An independent reader of both sides of
// the dialogue decides.
func FuzzSession(f *testing.F) {
	for _, in := range []string{
		opening + "DATA\r\nSubject: x\r\n\r\na\n.\r\nb\r\n.\r\nQUIT\r\n",
		opening + "DATA\r\n.\r\nMAIL FROM:<> SIZE=3 BODY=8BITMIME\r\nRSET\r\nVRFY bob\r\nHELP\r\nNOOP x\r\n",
		opening + "BDAT 6\r\nQUIT\r\nBDAT 3 LAST\r\n.\r\nBDAT 2\r\nab\r\nEHLO y.example\r\n",
		opening + "BDAT 99999999999999999999\r\nx",
		"EHLO client.example\r\nAUTH PLAIN AGFubgBzZWNyZXQ=\r\nAUTH LOGIN\r\nYW5u\r\nBDAT 3\r\n*\r\n",
		"HELO a\nQUIT\r\nHELO [192.0.2.1]\r\nBDAT 4\x00\r\nNOOP\r\nSEND FROM:<x@y>\r\nEXPN z\r\n",
		opening + "RCPT TO:<x@elsewhere.example>\r\nDATA\r\n..\r\n\r\r\n.\r\nDATA\r\n",
	} {
		f.Add([]byte(in), byte(0), uint16(1), uint16(7))
		f.Add([]byte(in), byte(1), uint16(3), uint16(1000))
		f.Add([]byte(in), byte(2), uint16(50), uint16(2))
		f.Add(bytes.ReplaceAll([]byte(in), []byte("client."), []byte("s.")), byte(3), uint16(2), uint16(3))
		f.Add([]byte(in), byte(4), uint16(5), uint16(5))
	}
	servers := []*server{
		dropping(newInstance(f, "NoETRN", "HeloClaims 0")),
		dropping(newAuthInstance(f, "NoETRN", "HeloClaims 0", "AuthPlainClear", "AuthFailRate 0")),
		dropping(newInstance(f, "NoETRN", "HeloClaims 0", "NoCHUNKING", "MaxRcpts 1", "MaxMsgSize 40", "VRFYcmd", "EXPNcmd")),
		dropping(newInstance(f, "NoETRN", "HeloClaims 0", "Style bad.* !go away", "Style s* strict", "Style * veR", "MaxErrors 3", "NoMultilineReplies")),
		dropping(newAuthInstance(f, "HeloClaims 0", "AuthPlainClear", "AuthFailRate 0", "MSA-mode")),
	}
	f.Fuzz(func(t *testing.T, in []byte, which byte, a, b uint16) {
		srv := servers[int(which)%len(servers)]
		whole := exchange(t, srv, bytes.NewReader(in))
		follow(t, in, whole)
		pieces := exchange(t, srv, &piecemeal{in: in, sizes: [2]int{int(a), int(b)}})
		if got, want := codesOf(pieces), codesOf(whole); got != want {
			t.Errorf("in pieces of %d and %d: %s, whole %s", a, b, got, want)
		}
	})
}

// dropping is the server of an instance that takes messages and keeps none,
// and makes nobody wait.
func dropping(in *instance) *server {
	in.policy = check.New(append(check.Order(in.policyConfig()), check.Check{
		Name: "drop", Stage: check.Message,
		Ask: func(context.Context, *check.Facts) (check.Verdict, error) {
			return check.Verdict{Action: check.Discard}, nil
		},
	}), in.brokenCheck)
	in.sleep = func(*session, time.Duration) bool { return true }
	return in.server
}

// exchange has a session with a stranger, and is what the stranger was told.
func exchange(t *testing.T, srv *server, in io.Reader) (list []smtp.Reply) {
	t.Helper()
	var out bytes.Buffer
	log := new(e2e.Log)
	srv.log = openLog(srv.conf, log)
	srv.serve(stdConn(in, &out), stranger)
	for line := range strings.Lines(log.String()) {
		r, err := record.ParseLine([]byte(line))
		if err != nil || strings.HasPrefix(r.Value("error"), "panic") {
			t.Fatalf("the log says %q, %v", line, err)
		}
	}
	replies := smtp.NewReplyReader(&out)
	for {
		r, err := replies.Read()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatalf("behind %v: %v", list, err)
		}
		list = append(list, r)
	}
}

// codesOf are those of the replies, in a line.
func codesOf(list []smtp.Reply) string {
	var b strings.Builder
	for _, r := range list {
		b.WriteString(strconv.Itoa(r.Code) + " ")
	}
	return b.String()
}

// follow reads what a client has sent by what it was answered, and wants
// nothing to be left on either side.
func follow(t *testing.T, in []byte, list []smtp.Reply) {
	t.Helper()
	if len(list) == 0 || list[0].Code != 220 {
		t.Fatalf("greeted with %v", list)
	}
	f := follower{t: t, in: in, replies: list[1:]}
	for !f.over && f.command() {
	}
	if !f.over && len(f.replies) > 0 {
		t.Errorf("what asked for %v?", f.replies)
	}
}

// A follower is a reader of both sides of a dialogue.
type follower struct {
	t       *testing.T
	in      []byte       // what the client said, and is not yet read
	replies []smtp.Reply // what it was told
	over    bool         // by QUIT or 421
	spoiled bool         // the last line had no CR
	asked   bool         // a line of AUTH is next
}

// command follows a line and what belongs to it. It is false when there is no
// other.
func (f *follower) command() bool {
	line := f.take(bytes.IndexByte(f.in, '\n') + 1)
	if line == nil {
		return false
	}
	valid := f.fit(line)
	if !valid {
		f.asked = false
		if r := f.answer(line); r.Class() < 4 {
			f.t.Errorf("%q is taken: %v", line, r)
		}
		return true
	}
	if n, ok := chunkSize(line); ok && !f.asked {
		return f.chunk(line, n)
	}
	r := f.answer(line)
	if f.asked = r.Code == 334; r.Code == 354 {
		return f.text()
	}
	return true
}

// fit says whether a line can be a command, or a response.
func (f *follower) fit(line []byte) bool {
	line, crlf := bytes.CutSuffix(line, []byte("\r\n"))
	limit := smtp.MaxCommandLine
	if f.asked || isAuth(line) {
		limit = smtp.MaxAuthLine
	}
	fit := crlf && !f.spoiled && !bytes.ContainsAny(line, "\r\x00") && len(line) <= limit
	f.spoiled = !crlf
	return fit
}

// chunk follows the octets of a BDAT. One whose arguments are none ends the
// session.
func (f *follower) chunk(line []byte, n int) bool {
	if n > len(f.in) {
		f.in = nil
		if len(f.replies) > 0 && f.answer(line).Code != 421 {
			f.t.Errorf("%q has an answer before its octets are here", line)
		}
		return false
	}
	f.answer(line)
	f.take(n)
	return true
}

// text follows a message, up to CRLF . CRLF.
func (f *follower) text() bool {
	end := bytes.Index(append([]byte("\r\n"), f.in...), []byte("\r\n.\r\n"))
	if end < 0 {
		return false
	}
	text := f.take(end + len(".\r\n"))
	lone := bytes.ReplaceAll(text, []byte("\r\n"), nil)
	if r := f.answer(text); r.Code != 552 && bytes.ContainsAny(lone, "\r\n") != (r.Code == 554) {
		f.t.Errorf("text %q: %v", text, r)
	}
	return true
}

// take is the next n octets of the client, nil if there are none.
func (f *follower) take(n int) (b []byte) {
	if n > 0 {
		b, f.in = f.in[:n], f.in[n:]
	}
	return b
}

// answer is the next reply. Behind a refusal that was one too many, or a reply
// that ends the session, there is nothing to follow.
func (f *follower) answer(to []byte) smtp.Reply {
	f.t.Helper()
	if len(f.replies) == 0 {
		f.t.Fatalf("%q has no answer", to)
	}
	r := f.replies[0]
	f.replies = f.replies[1:]
	last := r.Code == 221 || r.Code == 421
	if f.over = last || len(f.replies) == 1 && f.replies[0].Code == 421; last && len(f.replies) > 0 {
		f.t.Errorf("%v behind %v", f.replies, r)
	}
	return r
}

// chunkSize is the size in a line that may be BDAT.
func chunkSize(line []byte) (n int, ok bool) {
	words := bytes.Fields(line)
	if len(words) < 2 || !bytes.EqualFold(words[0], []byte("BDAT")) || !bytes.HasPrefix(bytes.ToUpper(line), []byte("BDAT ")) {
		return 0, false
	}
	n, err := strconv.Atoi(string(words[1]))
	return n, err == nil && n >= 0
}

// A piecemeal gives what it has in pieces.
type piecemeal struct {
	in    []byte
	sizes [2]int
	turn  int
}

func (p *piecemeal) Read(b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), max(1, p.sizes[p.turn%2]))], p.in)
	p.in = p.in[n:]
	p.turn++
	return n, nil
}
