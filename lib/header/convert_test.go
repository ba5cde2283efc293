package header

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// converted converts as smtp does it, with addresses that are qualified in the
// plainest way.
func converted(message string) (string, error) {
	c := Conversion{
		Now: when, ID: "<1@host.example>", From: func() string { return "ann@host.example" }, To: []string{"bob@a.example", "eve@b.example"},
		Address: func(spec string) string {
			if strings.Contains(spec, "@") {
				return spec
			}
			return spec + "@host.example"
		},
	}
	var out strings.Builder
	err := c.Convert(&out, iotest.HalfReader(strings.NewReader(message)))
	return out.String(), err
}

const (
	addedDate = "Date: Sat, 21 Nov 2026 01:49:27 -0130\n"
	addedFrom = "From: ann@host.example\n"
	addedTo   = "To: bob@a.example,\n\teve@b.example\n"
	addedID   = "Message-ID: <1@host.example>\n"
	added     = addedDate + addedFrom + addedTo + addedID
	whole     = addedDate + "From: a@b.example\nTo: c@d.example\n" + addedID
)

func TestConvert(t *testing.T) {
	t.Setenv("TZ", "")
	long := "X-Long: " + strings.Repeat("x", 3*MaxField) + "\n"
	tests := []struct{ name, in, want string }{
		{"nothing at all", "", added},
		{"no head", "\nhello\n", added + "\nhello\n"},
		{"whole", whole + "\nhello\n", whole + "\nhello\n"},
		{"no body", whole, whole},
		{"empty body", whole + "\n", whole + "\n"},
		{"signed", "DKIM-Signature: v=1;\n  b=x\n" + whole + "X:y\nx :  y  \n\n  body \n.\n", "DKIM-Signature: v=1;\n  b=x\n" + whole + "X:y\nx :  y  \n\n  body \n.\n"},
		{"in capitals", "DATE: x\nfrom: a@b.example\nTO: c@d\nmessage-id: y\n\n", "DATE: x\nfrom: a@b.example\nTO: c@d\nmessage-id: y\n\n"},
		{"Cc will do", "Cc: x@y\n\n", "Cc: x@y\n" + addedDate + addedFrom + addedID + "\n"},
		{"Bcc goes", "Bcc: x@y,\n z@y\nresent-bcc: x\n\nBcc: body\n", addedDate + addedFrom + "To: undisclosed-recipients:;\n" + addedID + "\nBcc: body\n"},
		{"long Bcc goes", "Bcc: " + long + whole + "\n", whole + "\n"},
		{"CRLF", strings.ReplaceAll(whole+"\nhello\n.\n", "\n", "\r\n"), whole + "\nhello\n.\n"},
		{"CRCRLF", "a\r\r\r\n\r\r\n", added + "\na\n\n"},
		{"bare CR stays", whole + "\na\rb\r\rc\r\n", whole + "\na\rb\r\rc\n"},
		{"CR at the end", whole + "\na\r", whole + "\na\n"},
		{"no final line end", whole + "\nhello", whole + "\nhello\n"},
		{"head without line end", strings.TrimSuffix(whole, "\n"), whole},
		{"text alone", "hello\nTo: you\n", added + "\nhello\nTo: you\n"},
		{"text with a colon", "dear you: hello\n", added + "\ndear you: hello\n"},
		{"folded line in front", " x\n" + whole, added + "\n x\n" + whole},
		{"junk in the head", "Subject: x\njunk\nTo: y@z\n", "Subject: x\n" + added + "\njunk\nTo: y@z\n"},
		{"long line", long + whole + "\n" + long, long + whole + "\n" + long},
		{"long line of junk", strings.Repeat("x", 3*MaxField), added + "\n" + strings.Repeat("x", 3*MaxField) + "\n"},
		{"From line", "From ann Sat Nov  1 01:02:03 2025\n" + addedFrom + addedTo + addedID + "\nx\n",
			addedFrom + addedTo + addedID + "Date: Sat, 01 Nov 2025 01:02:03 +0000\n\nx\n"},
		{"From lines of UUCP", "From ann Sat Nov  1 01:02:03 GMT 2025 remote from a\n>From ann Sat Nov  1 00:00:00 2025 remote from b\n" + whole, whole},
		{"From line with a zone", "From a b c Sat Nov 1 01:02:03 -0130 2025\n" + addedFrom + addedTo + addedID,
			addedFrom + addedTo + addedID + "Date: Sat, 01 Nov 2025 01:02:03 -0130\n"},
		{"From line without sense", "From ann whenever\n" + addedFrom + addedTo + addedID, addedFrom + addedTo + addedID + addedDate},
		{"From field", "From : a@b.example\n", "From : a@b.example\n" + addedDate + addedTo + addedID},
	}
	for _, test := range tests {
		got, err := converted(test.in)
		if got != test.want || err != nil {
			t.Errorf("%s: got %.900q, %v\nwant %.900q", test.name, got, err, test.want)
		}
		if again, _ := converted(got); again != got {
			t.Errorf("%s: converted twice: %.900q", test.name, again)
		}
	}
}

func TestConvertAddresses(t *testing.T) {
	tests := []struct{ in, want string }{
		{"ann", "ann@host.example"},
		{"  ann  ", "  ann@host.example  "},
		{"ann,bob@a,,eve", "ann@host.example,bob@a,,eve@host.example"},
		{"Ann Lee <ann>, eve (Eve (at home), too)", "Ann Lee <ann@host.example>, eve@host.example (Eve (at home), too)"},
		{"(c) ann", "(c) ann@host.example"},
		{`"Lee, Ann <x>" < ann >`, `"Lee, Ann <x>" < ann@host.example >`},
		{`"a, b"`, `"a, b"@host.example`},
		{`"a@b"@c, "\"x"`, `"a@b"@c, "\"x"@host.example`},
		{"friends: ann, Bob <bob>;, eve", "friends: ann@host.example, Bob <bob@host.example>;, eve@host.example"},
		{"undisclosed-recipients:;", "undisclosed-recipients:;"},
		{"<@a,@b:ann@c>, <@a:eve>", "<ann@c>, <eve@host.example>"},
		{"@a:ann@c", "ann@c"},
		{"a@[IPv6:2001:db8::1], x@[192.0.2.1]", "a@[IPv6:2001:db8::1], x@[192.0.2.1]"},
		{"ann,\n\tbob,\n eve", "ann@host.example,\n\tbob@host.example,\n eve@host.example"},
		{"=?utf-8?q?Ann?= <ann>", "=?utf-8?q?Ann?= <ann@host.example>"},
		{"j\u00fcrgen", "j\u00fcrgen@host.example"},
		// What is no address.
		{"Ann Lee", "Ann Lee"},
		{"<>", "<>"},
		{"", ""},
		{"<ann", "<ann"},
		{"a(c)b", "a(c)b"},
		{`"open`, `"open`},
		{"(open ann", "(open ann"},
		{"a\\b", "a\\b"},
		{"<a b>", "<a b>"},
	}
	for _, test := range tests {
		rest := addedDate + "From: a@b\n" + addedID + "\n"
		got, err := converted("To:" + test.in + "\n" + rest)
		if want := "To:" + test.want + "\n" + rest; got != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", test.in, got, err, want)
		}
	}
}

func TestConvertFields(t *testing.T) {
	in := "From: a\nSender: a\nReply-To: a\nCc: a\nResent-From: a\nResent-Sender: a\nResent-Reply-To: a\nResent-To: a\nResent-Cc: a\n"
	got, _ := converted(in + "Subject: a\nReturn-Path: a\n")
	want := strings.ReplaceAll(in, ": a\n", ": a@host.example\n") + "Subject: a\nReturn-Path: a\n" + addedDate + addedID
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestConvertErrors(t *testing.T) {
	bad := errors.New("bad disk")
	for _, head := range []string{"", "To: x", "To: x\n", "To: x\n\nbody"} {
		c := Conversion{Now: time.Now(), From: func() string { return "" }}
		message := io.MultiReader(strings.NewReader(head), iotest.ErrReader(bad))
		if err := c.Convert(io.Discard, message); err != bad {
			t.Errorf("reading behind %q: got %v", head, err)
		}
		if err := c.Convert(badWriter{bad}, strings.NewReader(head+"\n\nx")); err != bad {
			t.Errorf("writing %q: got %v", head, err)
		}
	}
}

func FuzzConvert(f *testing.F) {
	f.Add(whole + "\nhello\n")
	f.Add("From ann Sat Nov  1 01:02:03 2025\r\nTo: ann, \"x\" <@a:bob>\r\nBcc: q\r\n\r\nx")
	f.Add(">From x\njunk\r\r\n")
	f.Add("To: (a<b>\n \"c:;\n")
	f.Fuzz(func(t *testing.T, message string) {
		once, err := converted(message)
		if err != nil {
			t.Fatal(err)
		}
		if twice, _ := converted(once); twice != once {
			t.Errorf("of %q: once %q, twice %q", message, once, twice)
		}
		names := ""
		for field := range Fields([]byte(once)) {
			names += strings.ToLower(field.Name) + " "
		}
		for _, name := range []string{"date ", "from ", "message-id "} {
			if !strings.Contains(names, name) {
				t.Errorf("no %s in %q", name, once)
			}
		}
	})
}
