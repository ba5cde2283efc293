package main

import (
	"bufio"
	"bytes"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"postern/lib/queue"
	"postern/lib/smtp"
)

func TestParseNotify(t *testing.T) {
	for _, c := range []struct {
		value string
		want  string
		ok    bool
	}{
		{"NEVER", "NEVER", true},
		{"success,Failure,DELAY", "SUCCESS FAILURE DELAY", true},
		{"NEVER,SUCCESS", "", false},
		{"SUCCESS,NEVER", "", false},
		{"SUCCESS,SUCCESS", "", false},
		{"", "", false},
		{"SUCCESS,", "", false},
		{"OFTEN", "", false},
	} {
		got, ok := parseNotify(c.value)
		if ok != c.ok || strings.Join(got, " ") != c.want {
			t.Errorf("parseNotify(%q) = %q, %v; want %q, %v", c.value, got, ok, c.want, c.ok)
		}
	}
}

func TestParseORcpt(t *testing.T) {
	for _, c := range []struct {
		value, want string
		ok          bool
	}{
		{"rfc822;bob@example.org", "rfc822;bob@example.org", true},
		{"rfc822;b+2Bb@example.org", "rfc822;b+b@example.org", true},
		{"bob@example.org", "", false},
		{";bob@example.org", "", false},
		{"rfc822;b+2xb", "", false},
		{"rfc822;" + strings.Repeat("x", maxORcpt), "", false},
	} {
		got, ok := parseORcpt(c.value)
		if got != c.want || ok != c.ok {
			t.Errorf("parseORcpt(%q) = %q, %v; want %q, %v", c.value, got, ok, c.want, c.ok)
		}
	}
}

func TestParseBdat(t *testing.T) {
	for _, c := range []struct {
		arg  string
		want bdatArgs
		ok   bool
	}{
		{"5", bdatArgs{5, false}, true},
		{"0 LAST", bdatArgs{0, true}, true},
		{"12 last", bdatArgs{12, true}, true},
		{"", bdatArgs{}, false},
		{"-1", bdatArgs{}, false},
		{"+1", bdatArgs{}, false},
		{"5 FIRST", bdatArgs{}, false},
		{"9223372036854775808", bdatArgs{}, false},
		{"99999999999999999999999 LAST", bdatArgs{}, false},
	} {
		got, refused := parseBdat(c.arg)
		if got != c.want || (refused == nil) != c.ok {
			t.Errorf("parseBdat(%q) = %v, %v; want %v", c.arg, got, refused, c.want)
		}
	}
}

func TestSplitCommand(t *testing.T) {
	for _, c := range []struct{ line, name, arg string }{
		{"NOOP", "NOOP", ""},
		{"NOOP  ", "NOOP", ""},
		{"MAIL  FROM:<> \t", "MAIL", "FROM:<>"},
		{"", "", ""},
		{" NOOP", "", "NOOP"},
	} {
		name, arg := splitCommand([]byte(c.line))
		if string(name) != c.name || string(arg) != c.arg {
			t.Errorf("splitCommand(%q) = %q, %q; want %q, %q", c.line, name, arg, c.name, c.arg)
		}
	}
}

// What is refused is refused with a permanent code of syntax or parameters,
// or ends the session; what is taken has nothing in it that could break a
// header, a log or a path.
func FuzzParseMail(f *testing.F) {
	for _, s := range []string{"FROM:<>", "FROM:<a@b.example> SIZE=1 BODY=8BITMIME", "FROM:<> SIZE=99999999999999999999", `FROM:<"a b"@[192.0.2.1]> SMTPUTF8 ENVID=x+2B`, "FROM: <@a,@b:c@d.example>", "FROM:<a@b\r\n>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		m, refused := parseMail(arg, style{}.syntax())
		if refused != nil {
			checkRefusal(t, refused)
			return
		}
		checkMailbox(t, m.env.Sender)
		if m.env.Size < 0 {
			t.Errorf("SIZE %d", m.env.Size)
		}
		if again, refused := parseMail(mailLine(&m.env), style{}.syntax()); refused != nil || !reflect.DeepEqual(again.env, m.env) {
			t.Errorf("%+v is said as %q, and that is %+v, %v", m.env, mailLine(&m.env), again.env, refused)
		}
	})
}

// What MAIL and RCPT take can be kept, as it is: the queue and a mailer's
// descriptor 3 have the same words.
func FuzzEnvelope(f *testing.F) {
	f.Add("FROM:<>", "TO:<postmaster>")
	f.Add("FROM:<"+strings.Repeat("verp-", 40)+"@b.example>", "TO:<a@b.example>")
	f.Add("FROM:<>", "TO:<"+strings.Repeat("verp-", 40)+"@b.example>")
	f.Add(`FROM:<"a b"@[192.0.2.1]> SMTPUTF8 ENVID=x+2B AUTH=a+40b RET=HDRS SIZE=5 BODY=8BITMIME`, `TO:<"../x \"y\\"@b.example> ORCPT=rfc822;x+40y NOTIFY=NEVER`)
	f.Add("FROM:<> SMTPUTF8", "TO:<\u00fc@\u00fc.example> ORCPT=utf-8;\u00fc@x")
	f.Fuzz(func(t *testing.T, mail, rcpt string) {
		m, refused := parseMail(mail, style{}.syntax())
		if refused != nil {
			return
		}
		r, refused := parseRcpt(rcpt, style{}.syntax())
		if refused != nil {
			return
		}
		m.env.Recipients = []smtp.Recipient{r.rcpt}
		kept, err := queue.ReadEnvelope(bufio.NewReader(bytes.NewReader(queue.AppendEnvelope(nil, &m.env))))
		if err != nil || !reflect.DeepEqual(kept, &m.env) {
			t.Errorf("%q, %q: kept as %+v, %v", mail, rcpt, kept, err)
		}
	})
}

func FuzzParseRcpt(f *testing.F) {
	for _, s := range []string{"TO:<postmaster>", "TO:<a@b.example> NOTIFY=NEVER", `TO:<"../x"@b.example> ORCPT=rfc822;x`, "TO:<@a:b@c.example>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		r, refused := parseRcpt(arg, style{}.syntax())
		if refused != nil {
			checkRefusal(t, refused)
			return
		}
		if r.rcpt.Mailbox.IsZero() {
			t.Error("a recipient without a mailbox")
		}
		checkMailbox(t, r.rcpt.Mailbox)
		if again, refused := parseRcpt(rcptLine(r.rcpt), style{}.syntax()); refused != nil || !reflect.DeepEqual(again.rcpt, r.rcpt) {
			t.Errorf("%+v is said as %q, and that is %+v, %v", r.rcpt, rcptLine(r.rcpt), again.rcpt, refused)
		}
	})
}

// mailLine is the argument of MAIL that says an envelope.
func mailLine(env *smtp.Envelope) string {
	line := "FROM:<" + env.Sender.String() + "> SIZE=" + strconv.FormatInt(env.Size, 10)
	for _, p := range []struct{ name, value string }{
		{"BODY", env.Body}, {"RET", env.Ret}, {"ENVID", smtp.EncodeXtext(env.EnvID)}, {"AUTH", smtp.EncodeXtext(env.Auth)},
	} {
		if p.value != "" {
			line += " " + p.name + "=" + p.value
		}
	}
	if env.SMTPUTF8 {
		line += " SMTPUTF8"
	}
	return line
}

// rcptLine is the argument of RCPT that says a recipient.
func rcptLine(r smtp.Recipient) string {
	line := "TO:<" + r.Mailbox.String() + ">"
	if r.Notify != nil {
		line += " NOTIFY=" + strings.Join(r.Notify, ",")
	}
	if kind, address, ok := strings.Cut(r.ORcpt, ";"); ok {
		line += " ORCPT=" + kind + ";" + smtp.EncodeXtext(address)
	}
	return line
}

func checkRefusal(t *testing.T, r *smtp.Reply) {
	t.Helper()
	switch r.Code {
	case 501, 550, 552, 553, 555:
	default:
		t.Errorf("refused with %v", r)
	}
}

func checkMailbox(t *testing.T, m smtp.Mailbox) {
	t.Helper()
	if i := strings.IndexFunc(m.String(), func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
		t.Errorf("control character in %q", m.String())
	}
}

// The parameters of DSN have bounds (RFC 3461 4.2, 4.4).
func TestDSNBounds(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for arg, ok := range map[string]bool{
		"FROM:<> ENVID=" + long(smtp.MaxEnvID): true, "FROM:<> ENVID=" + long(smtp.MaxEnvID+1): false, "FROM:<> ENVID=a+3": false, "FROM:<> ENVID=+00": false,
		"FROM:<> ENVID=+20+7E": true, "FROM:<> ENVID=+C3+BC": false, "FROM:<> SMTPUTF8 ENVID=\u00fc": false,
		"FROM:<> RET=full": true, "FROM:<> RET=FULL RET=HDRS": false, "FROM:<> RET=": false,
	} {
		if _, refused := parseMail(arg, smtp.Syntax{}); (refused == nil) != ok {
			t.Errorf("MAIL %.40s: %v", arg, refused)
		}
	}
	for arg, ok := range map[string]bool{
		"TO:<a@b> ORCPT=rfc822;" + long(maxORcpt-len("rfc822;")): true, "TO:<a@b> ORCPT=rfc822;" + long(maxORcpt): false,
		"TO:<a@b> NOTIFY=success,failure,delay": true, "TO:<a@b> NOTIFY=never": true, "TO:<a@b> NOTIFY=,": false,
	} {
		if _, refused := parseRcpt(arg, smtp.Syntax{}); (refused == nil) != ok {
			t.Errorf("RCPT %.40s: %v", arg, refused)
		}
	}
}
