package main

import (
	"strings"
	"testing"
)

// TestExit is the table of exit statuses of smtp(8).
func TestExit(t *testing.T) {
	tests := []struct {
		name   string
		rcpt   []string // the answers to RCPT
		data   string   // the answers to DATA and to the text, if it is asked for
		status int
		want   string // verdicts
	}{
		{"all accepted", []string{"250 ok", "250 ok"}, "354 go on;250 kept", 0, "accept accept"},
		{"one for now", []string{"250 ok", "450 4.2.1 later"}, "354 go on;250 kept", 75, "accept defer"},
		{"one for good", []string{"250 ok", "550 5.1.1 no"}, "354 go on;250 kept", 67, "accept reject"},
		{"each", []string{"250 ok", "550 no", "451 later"}, "354 go on;250 kept", 75, "accept reject defer"},
		{"none, for good", []string{"550 5.1.1 no", "553 no"}, "554 nobody", 67, "reject reject"},
		{"none, by policy", []string{"554 5.7.1 no", "550 5.1.1 no"}, "503 nobody", 69, "reject reject"},
		{"no such system", []string{"550 5.1.2 no"}, "503 nobody", 68, "reject"},
		{"the text, for good", []string{"250 ok"}, "354 go on;554 5.6.0 bad", 65, "reject"},
		{"the text, by policy", []string{"250 ok"}, "354 go on;550 5.7.1 spam", 69, "reject"},
		{"the text, for now", []string{"250 ok"}, "354 go on;452 full", 75, "defer"},
		{"DATA, for good", []string{"250 ok"}, "554 no", 69, "reject"},
		{"nonsense", []string{"250 ok"}, "250 ok", 75, "defer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			script, to := dialogueOf(test.rcpt, test.data)
			port := hosts(t, []string{script})
			args := append([]string{"127.0.0.2:" + port, "ann@me.test"}, to...)
			status, stdout, stderr := smtpTo(t, letterText, args...)
			if got := verdicts(stdout); status != test.status || got != test.want || stderr != "" {
				t.Errorf("got %d, %s\n%s%s", status, got, stdout, stderr)
			}
		})
	}
}

// dialogueOf is a session with these answers, and its recipients.
func dialogueOf(rcpt []string, data string) (script string, to []string) {
	asked := greeting + "C: MAIL FROM:<ann@me.test>\n"
	answers := "S: 250 ok\n"
	for i, answer := range rcpt {
		to = append(to, string(rune('a'+i))+"@d.test")
		asked += "C: RCPT TO:<" + to[i] + ">\n"
		answers += "S: " + answer + "\n"
	}
	data, end, wanted := strings.Cut(data, ";")
	script = asked + "C: DATA\n" + answers + "S: " + data + "\n"
	if wanted {
		for line := range strings.Lines(letterText) {
			script += "C: " + line
		}
		return script + "C: .\nC: QUIT\nS: " + end + "\nS: 221 bye\n", to
	}
	return script + "C: QUIT\nS: 221 bye\n", to
}

// verdicts are those of the lines of a result.
func verdicts(lines string) string {
	var list []string
	for word := range strings.FieldsSeq(lines) {
		if v, ok := strings.CutPrefix(word, "verdict="); ok {
			list = append(list, v)
		}
	}
	return strings.Join(list, " ")
}

func TestUsage(t *testing.T) {
	many := strings.Split(strings.Repeat("-b x ", maxBusted+1), " ")
	tests := []struct {
		args []string
		want string
	}{
		{nil, "no destination"},
		{[]string{"d.test"}, "no sender"},
		{[]string{"d.test", "a@b"}, "no recipient"},
		{[]string{".x", "d.test", "a@b"}, "no recipient"},
		{[]string{"-B", "d.test", "a@b"}, "from standard input"},
		{[]string{"-S", "x", "d.test", "a@b", "c@d"}, "no IP address"},
		{[]string{"--tls", "much", "d.test", "a@b", "c@d"}, `no mode "much"`},
		{[]string{"-q", "d.test", "a@b", "c@d"}, "unknown option -q"},
		{[]string{"-np", "d.test"}, "only one of -B, -f, -n and -p"},
		{[]string{"--probe", "d.test", "a@b", "c@d"}, "are for -p"},
		{[]string{"-P", "d.test", "a@b", "c@d"}, "are for -p"},
		{[]string{"udp!d.test", "a@b", "c@d"}, `no network "udp"`},
		{append(many[:len(many)-1:len(many)-1], "d.test", "a@b", "c@d"), "more than 100 options -b"},
	}
	for _, test := range tests {
		status, stdout, stderr := smtpTo(t, "", test.args...)
		if status != 64 || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: got %d, %q, want %q", test.args, status, stderr, test.want)
		}
	}
	for _, args := range [][]string{
		{"-h", "a b", "d.test", "a@b", "c@d"},
		{"-z", "/nonexistent", "d.test", "a@b", "c@d"},
		{"--pins", "/nonexistent", "d.test", "a@b", "c@d"},
	} {
		if status, _, stderr := smtpTo(t, "", args...); status != 78 {
			t.Errorf("%q: got %d, %q", args, status, stderr)
		}
	}
	for _, args := range [][]string{{"d.test", "a b@c", "d@e"}, {"d.test", "a@b", "c@d@e f"}} {
		if status, _, stderr := smtpTo(t, "", args...); status != 65 {
			t.Errorf("%q: got %d, %q", args, status, stderr)
		}
	}
}

// TestBadText has a message that no server can be given.
func TestBadText(t *testing.T) {
	port := hosts(t, []string{greeting + "C: QUIT\nS: 221 bye"})
	status, stdout, _ := smtpTo(t, letterText+"a\rb\n", "127.0.0.2:"+port, "ann@me.test", "bob@d.test")
	if status != 65 || !strings.Contains(stdout, `reply="554 5.6.0 `) {
		t.Errorf("got %d, %s", status, stdout)
	}
}

// TestTooBig has the server's limit kept without a byte of the message sent.
func TestTooBig(t *testing.T) {
	port := hosts(t, []string{"S: 220 x\nC: EHLO me.test\nS: 250-x\nS: 250 SIZE 100\nC: QUIT\nS: 221 bye"})
	status, stdout, _ := smtpTo(t, letterText, "127.0.0.2:"+port, "ann@me.test", "bob@d.test")
	if status != 69 || !strings.Contains(stdout, `verdict=reject reply="552 5.3.4 `) {
		t.Errorf("got %d, %s", status, stdout)
	}
}

// TestLostAfterDot is the one case in which a message may come twice.
func TestLostAfterDot(t *testing.T) {
	script, to := dialogueOf([]string{"250 ok"}, "354 go on;250 kept")
	script, _, _ = strings.Cut(script, "S: 250 kept")
	port := hosts(t, []string{script})
	status, stdout, _ := smtpTo(t, letterText, "127.0.0.2:"+port, "ann@me.test", to[0])
	want := `verdict=defer reply="451 4.4.2 the next server has the whole message and did not answer"`
	if status != 75 || !strings.Contains(stdout, want) {
		t.Errorf("got %d, %s", status, stdout)
	}
}

// An address beyond ASCII goes to who takes SMTPUTF8 alone (RFC 6531 3.5).
func TestInternational(t *testing.T) {
	for name, tt := range map[string]struct {
		script string
		status int
		want   string
	}{
		"offered": {"S: 220 x\nC: EHLO me.test\nS: 250-x\nS: 250-8BITMIME\nS: 250 SMTPUTF8\nC: MAIL FROM:<ann@me.test> SMTPUTF8\nS: 451 later\n" + leaving,
			75, `reply="451 later"`},
		"not offered": {greeting + leaving, 65, `reply="553 5.6.7 `},
	} {
		t.Run(name, func(t *testing.T) {
			port := hosts(t, []string{tt.script})
			status, stdout, stderr := smtpTo(t, letterText, "127.0.0.2:"+port, "ann@me.test", "jürgen@d.test")
			if status != tt.status || !strings.Contains(stdout, tt.want) {
				t.Errorf("got %d, %s%s", status, stdout, stderr)
			}
		})
	}
}
