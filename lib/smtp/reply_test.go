package smtp_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"strconv"
	"strings"
	"testing"

	"postern/lib/smtp"
	"postern/lib/smtptest"
	"postern/lib/sysexits"
)

func TestReplyWire(t *testing.T) {
	words := strings.TrimSpace(strings.Repeat("word ", 200))
	tests := []struct {
		name     string
		reply    smtp.Reply
		enhanced bool
		want     string
	}{
		{"one line", smtp.Say(550, smtp.NoMailbox, "no such mailbox"), true, "550 5.1.1 no such mailbox\r\n"},
		{"without enhanced", smtp.Say(550, smtp.NoMailbox, "no such mailbox"), false, "550 no such mailbox\r\n"},
		{"several lines", smtp.Say(250, smtp.NoDetail, "a", "b"), true, "250-2.0.0 a\r\n250 2.0.0 b\r\n"},
		{"none wanted", smtp.Say(250, smtp.NoEnhanced, "mx.example", "SIZE"), true, "250-mx.example\r\n250 SIZE\r\n"},
		{"3yz has none", smtp.Say(354, smtp.NoDetail, "go on"), true, "354 go on\r\n"},
		{"no text", smtp.Say(250, smtp.NoDetail), true, "250 2.0.0 \r\n"},
		{"no lines", smtp.Reply{Code: 250}, true, "250 2.0.0 \r\n"},
		{"control characters", smtp.Say(451, smtp.OtherSystem, "a\r\n250 ok\x00\x7f\xff"), true, "451 4.3.0 a??250 ok???\r\n"},
		{"code out of range", smtp.Say(600, smtp.NoMailbox, "x"), true, "451 4.3.0 x\r\n"},
		{"code below range", smtp.Say(0, smtp.NoEnhanced, "x"), true, "451 4.3.0 x\r\n"},
		{"long, with blanks", smtp.Say(550, smtp.NotAuthorized, words), true,
			"550-5.7.1 " + words[:499] + "\r\n550 5.7.1 " + words[500:] + "\r\n"},
		{"long, without", smtp.Say(550, smtp.NoEnhanced, strings.Repeat("x", 506), "y"), true,
			"550-" + strings.Repeat("x", 506) + "\r\n550 y\r\n"},
		{"one more", smtp.Say(550, smtp.NoEnhanced, strings.Repeat("x", 507)), true,
			"550-" + strings.Repeat("x", 506) + "\r\n550 x\r\n"},
	}
	for _, tt := range tests {
		got := string(tt.reply.Append(nil, tt.enhanced))
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		for line := range strings.Lines(got) {
			if err := smtptest.CheckReplyLine(strings.TrimSuffix(line, "\r\n")); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	}
}

func TestReplyBounds(t *testing.T) {
	r := smtp.Say(214, smtp.NoDetail, make([]string, 1000)...)
	if len(r.Lines) != smtp.MaxReplyLines {
		t.Errorf("got %d lines", len(r.Lines))
	}
}

func TestReplyString(t *testing.T) {
	for want, r := range map[string]smtp.Reply{
		"550 5.1.1 no such mailbox": smtp.Say(550, smtp.NoMailbox, "no such mailbox"),
		"250 2.0.0 a b":             smtp.Say(250, smtp.NoDetail, "a", "b"),
		"220 mx.example":            smtp.Say(220, smtp.NoEnhanced, "mx.example"),
		"556 5.1.10":                smtp.Say(556, smtp.RecipientNullMX),
	} {
		if got := r.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFromExit(t *testing.T) {
	tests := []struct {
		status       int
		reason, want string
	}{
		{sysexits.OK, "", "250 2.0.0 ok"},
		{sysexits.DataErr, "", "554 5.6.0 message refused"},
		{sysexits.NoUser, "", "550 5.1.1 no such mailbox"},
		{sysexits.NoUser, "who?\r\n", "550 5.1.1 who???"},
		{sysexits.NoHost, "", "550 5.1.2 no such host"},
		{sysexits.Unavailable, "", "554 5.3.0 delivery failed"},
		{sysexits.NoPerm, "", "550 5.7.1 not permitted"},
		{sysexits.TempFail, "mailbox locked", "451 4.3.0 mailbox locked"},
		{sysexits.Config, "panic in file.c", "451 4.3.0 local error, try again later"},
		{sysexits.Usage, "", "451 4.3.0 local error, try again later"},
		{1, "", "451 4.3.0 local error, try again later"},
		{128 + 9, "", "451 4.3.0 local error, try again later"},
		{-1, "", "451 4.3.0 local error, try again later"},
	}
	for _, tt := range tests {
		r := smtp.FromExit(tt.status, tt.reason)
		if got := r.String(); got != tt.want {
			t.Errorf("%d: got %q, want %q", tt.status, got, tt.want)
		}
		code, enhanced, _ := strings.Cut(r.String(), " ")
		enhanced, _, _ = strings.Cut(enhanced, " ")
		if err := smtptest.CheckEnhanced(code, enhanced); err != nil {
			t.Errorf("%d: %v", tt.status, err)
		}
	}
}

// Each named detail is registered, and is the one that its comment says.
func TestDetailsAreRegistered(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "detail.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Comment == nil {
			return true
		}
		lit := v.Values[0].(*ast.BasicLit)
		value, err := strconv.Atoi(strings.ReplaceAll(lit.Value, "_", ""))
		if err != nil {
			t.Fatal(err)
		}
		d := smtp.Detail(value)
		code := fmt.Sprintf("%d.%d", d.Subject(), d.Number())
		if smtptest.Classes(code) == "" {
			t.Errorf("%s: %s is not registered", v.Names[0], code)
		}
		if !strings.HasPrefix(v.Comment.Text(), "x."+code+" ") {
			t.Errorf("%s is %s, its comment says %q", v.Names[0], code, v.Comment.Text())
		}
		seen++
		return true
	})
	if seen < 50 {
		t.Errorf("only %d details found", seen)
	}
}

func TestParseReply(t *testing.T) {
	tests := []struct {
		in   string
		want smtp.Reply
	}{
		{"250 ok\r\n", smtp.Reply{250, smtp.NoEnhanced, []string{"ok"}}},
		{"250", smtp.Reply{250, smtp.NoEnhanced, []string{""}}},
		{"250 ", smtp.Reply{250, smtp.NoEnhanced, []string{""}}},
		{"250-a\r\n250 b", smtp.Reply{250, smtp.NoEnhanced, []string{"a", "b"}}},
		{"250-\r\n250 b", smtp.Reply{250, smtp.NoEnhanced, []string{"", "b"}}},
		{"550 5.1.1 no one", smtp.Reply{550, smtp.NoMailbox, []string{"no one"}}},
		{"550-5.1.1 no\r\n550 5.1.1 one", smtp.Reply{550, smtp.NoMailbox, []string{"no", "one"}}},
		{"550-5.1.1 no\r\n550 5.1.2 one", smtp.Reply{550, smtp.NoMailbox, []string{"no", "5.1.2 one"}}},
		{"550 5.1.1", smtp.Reply{550, smtp.NoMailbox, []string{""}}},
		{"450 5.1.1 no", smtp.Reply{450, smtp.NoEnhanced, []string{"5.1.1 no"}}},
		{"354 3.0.0 go", smtp.Reply{354, smtp.NoEnhanced, []string{"3.0.0 go"}}},
		{"220 2.example", smtp.Reply{220, smtp.NoEnhanced, []string{"2.example"}}},
		{"550 5.1234.1 x", smtp.Reply{550, smtp.NoEnhanced, []string{"5.1234.1 x"}}},
		{"550 5..1 x", smtp.Reply{550, smtp.NoEnhanced, []string{"5..1 x"}}},
		{"299 \x1b[31mred", smtp.Reply{299, smtp.NoEnhanced, []string{"?[31mred"}}},
	}
	for _, tt := range tests {
		got, err := smtp.ParseReply(tt.in)
		if err != nil || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", tt.want) {
			t.Errorf("%q: got %#v, %v, want %#v", tt.in, got, err, tt.want)
		}
	}
}

func TestParseReplyErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "not an SMTP reply: no reply code",
		"hello":                           "not an SMTP reply: no reply code",
		"199 x":                           "not an SMTP reply: no reply code",
		"600 x":                           "not an SMTP reply: no reply code",
		"25x":                             "not an SMTP reply: no reply code",
		"2500":                            "not an SMTP reply: neither blank nor hyphen behind the code",
		"250-a\r\n251 b":                  "not an SMTP reply: different codes in one reply",
		"250-a":                           "unexpected EOF",
		"250 a\r\n250 b":                  "not an SMTP reply: more than one",
		"250 a\nb":                        "not an SMTP reply: line not ended by CR LF",
		"250 a\rb":                        "not an SMTP reply: CR without LF",
		"250 a\x00b":                      "not an SMTP reply: NUL in line",
		strings.Repeat("2", 1e5):          "not an SMTP reply: line too long",
		strings.Repeat("250-x\r\n", 1000): "not an SMTP reply: too many lines",
	} {
		_, err := smtp.ParseReply(in)
		if err == nil || err.Error() != want {
			t.Errorf("%.40q: got %v, want %s", in, err, want)
		}
		if err != nil && err != io.ErrUnexpectedEOF && !errors.Is(err, smtp.ErrReply) {
			t.Errorf("%.40q: %v is no ErrReply", in, err)
		}
	}
}

func TestReplyReader(t *testing.T) {
	rr := smtp.NewReplyReader(strings.NewReader("220 a\r\n250-b\r\n250 c\r\n250 injected\r\n"))
	for _, want := range []string{"220 a", "250 b c"} {
		if r, err := rr.Read(); err != nil || r.String() != want {
			t.Errorf("got %v, %v, want %s", r, err, want)
		}
	}
	if rr.Buffered() != 14 {
		t.Errorf("buffered %d", rr.Buffered())
	}
	rr.Reset(strings.NewReader("250 true\r\n"))
	if r, err := rr.Read(); err != nil || r.String() != "250 true" {
		t.Errorf("got %v, %v", r, err)
	}
	if _, err := rr.Read(); err != io.EOF {
		t.Errorf("got %v, want EOF", err)
	}
}

// endless is a server that never ends its line.
type endless struct{ given int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '2'
	}
	e.given += len(p)
	if e.given > 1<<20 {
		return 0, errors.New("read for too long")
	}
	return len(p), nil
}

func TestReplyWithoutEnd(t *testing.T) {
	if _, err := smtp.NewReplyReader(new(endless)).Read(); !errors.Is(err, smtp.ErrLineTooLong) || !errors.Is(err, smtp.ErrReply) {
		t.Errorf("got %v", err)
	}
}

func FuzzReply(f *testing.F) {
	f.Add("250-a\r\n250 b")
	f.Add("550 5.1.1 no such mailbox")
	f.Add("450-5.1.1 x\r\n450 4.1.1 ")
	f.Fuzz(func(t *testing.T, in string) {
		r, err := smtp.ParseReply(in)
		if err != nil {
			return
		}
		wire := string(r.Append(nil, true))
		again, err := smtp.ParseReply(wire)
		if err != nil {
			t.Fatalf("%q from %q: %v", wire, in, err)
		}
		if again.Code != r.Code || again.Detail != r.Detail && r.Detail != smtp.NoEnhanced {
			t.Errorf("%q from %q: got %#v, want %#v", wire, in, again, r)
		}
		for line := range strings.Lines(wire) {
			if len(line) > smtp.MaxReplyLine {
				t.Errorf("a line of %d octets", len(line))
			}
		}
	})
}
