package e2e

import (
	"strconv"
	"strings"
	"testing"
)

func TestSwaks(t *testing.T) {
	swaks := Need(t, "swaks")[0]
	in := newInstance(t)
	addr := FreePort(t)
	in.start(program(t, "listen"), addr)
	accepts(t, addr)
	for _, tt := range []struct {
		name string
		to   []string
	}{
		{"a socket", []string{"--server", addr}},
		{"a pipe", []string{"--pipe", program(t, "smtpd")}},
		{"pipelining", []string{"--server", addr, "--pipeline"}},
	} {
		before := len(in.messages("bob"))
		out, status := in.run("", swaks, append(tt.to, "--from", "joe@example.net", "--to", "bob@"+hostname, "--helo", "client.example.net",
			"--header", "Subject: by "+tt.name)...)
		if status != 0 {
			t.Errorf("%s: swaks: exit %d\n%s", tt.name, status, out)
			continue
		}
		texts := in.messages("bob")
		if len(texts) != before+1 {
			t.Errorf("%s: %d messages, want %d", tt.name, len(texts), before+1)
		}
		if !strings.Contains(strings.Join(texts, ""), "Subject: by "+tt.name) {
			t.Errorf("%s: the message is not in the Maildir", tt.name)
		}
	}
}

// TestPipeIsTrustedWithNothing: on a pipe nobody knows who the client is.
func TestPipeIsTrustedWithNothing(t *testing.T) {
	swaks := Need(t, "swaks")[0]
	in := newInstance(t)
	out, status := in.run("", swaks, "--pipe", program(t, "smtpd"), "--helo", "client.example.net", "--to", "ann@elsewhere.example")
	if status == 0 || !strings.Contains(out, "550 5.7.1") {
		t.Errorf("relaying for an unknown client: exit %d\n%s", status, out)
	}
}

// TestReadByMailReader has a real reader read what was delivered.
func TestReadByMailReader(t *testing.T) {
	reader := Need(t, "s-nail")[0]
	in := newInstance(t)
	addr := FreePort(t)
	in.start(program(t, "listen"), addr)
	accepts(t, addr)
	c := dial(t, addr)
	c.hello()
	c.mail("first", "ann@"+hostname)
	c.mail("second", "ann@"+hostname)
	c.quit()

	out, status := in.run("", reader, "-n", "-R", "-H", "-f", in.maildir("ann"))
	if status != 0 || strings.Count(out, "joe@example.net") != 2 || !strings.Contains(out, "first") || !strings.Contains(out, "second") {
		t.Errorf("headers: exit %d\n%s", status, out)
	}
	out, status = in.run("print 1\nexit\n", reader, "-n", "-R", "-f", in.maildir("ann"))
	if status != 0 || !strings.Contains(out, ".. a dot\n") || !strings.Contains(out, "the end of ") {
		t.Errorf("text: exit %d\n%s", status, out)
	}
}

// TestManyAtOnce has Postfix's load generator send over many connections; every
// message it was told of arrives, none twice.
func TestManyAtOnce(t *testing.T) {
	source := Need(t, "smtp-source")[0]
	for _, workers := range [][]string{nil, {"-w", "2"}, {"-w", "2:50:10"}} {
		t.Run("listen "+strings.Join(workers, " "), func(t *testing.T) {
			in := newInstance(t)
			addr := FreePort(t)
			in.start(program(t, "listen"), append(workers, addr)...)
			accepts(t, addr)
			const messages = 300
			out, status := in.run("", source, "-s", "20", "-m", strconv.Itoa(messages), "-l", "4096",
				"-f", "joe@example.net", "-t", "ann@"+hostname, "-M", "client.example.net", "inet:"+addr)
			if status != 0 {
				t.Fatalf("smtp-source: exit %d\n%s", status, out)
			}
			if n := len(in.messages("ann")); n != messages {
				t.Errorf("%d messages arrived, want %d", n, messages)
			}
		})
	}
}
