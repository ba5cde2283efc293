package queue

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestJob(t *testing.T) {
	env := envelope("a", "b c")
	env.ID, env.Body, env.Ret = "id1", "8BITMIME", "HDRS"
	one := Job{Envelope: env, File: "/queue/new/1/id1", Offset: 347}
	two := Job{Envelope: envelope("d"), File: "/a b"}
	text := AppendJob(AppendJob(nil, one), two)
	r := bufio.NewReader(bytes.NewReader(text))
	for _, want := range []Job{one, two} {
		got, err := ReadJob(r)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v\nfrom %s", got, err, want, text)
		}
	}
	if _, err := ReadJob(r); err != io.EOF {
		t.Errorf("behind the last job: %v", err)
	}
}

// TestJobOfOneLine has jobs as a person writes them, one behind the other, and
// one of runq's in between.
func TestJobOfOneLine(t *testing.T) {
	const text = "id=1 sender=a@b.c file=/x recipient=d@e.f\n" +
		"sender=a@b.c file=/x\nrecipient=d@e.f\n\n" +
		`sender= file=/x offset=3 recipient="d@e.f  \"g \\\"h\"@i.j k@l.m" dsn_notify=NEVER`
	r := bufio.NewReader(strings.NewReader(text))
	for _, want := range []string{"d@e.f", "d@e.f", `d@e.f "g \"h"@i.j k@l.m`} {
		j, err := ReadJob(r)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, rcpt := range j.Envelope.Recipients {
			got = append(got, rcpt.Mailbox.String())
			if len(rcpt.Notify) != 0 != (j.Offset == 3) {
				t.Errorf("%s: NOTIFY is %q", rcpt.Mailbox, rcpt.Notify)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if _, err := ReadJob(r); err != io.EOF {
		t.Errorf("behind the last job: %v", err)
	}
}

func TestBadJob(t *testing.T) {
	tests := map[string]string{ // a job: a part of the error
		"sender=a@b.c\nrecipient=d@e.f\n":                          `file "" is not absolute`,
		"sender=a@b.c file=x\nrecipient=d@e.f\n":                   "not absolute",
		"sender=a@b.c file=/x offset=-1\nrecipient=d@e.f\n":        `bad offset "-1"`,
		"sender=a@b.c file=/x\n\n":                                 "no recipients",
		"file=/x\nrecipient=d@e.f\n":                               "no sender",
		"sender=a@b.c file=/x\nrecipient=d@@e\n":                   "recipient",
		"sender=a@b.c file=/x recipient=\" \"\n":                   "without recipient",
		"sender=a@b.c file=/x recipient=\"d@e.f g@@h\"\n":          "recipient",
		"sender=a@b.c file=/x recipient=\"d@e.f g@h\" dsn_orcpt=x": "one dsn_orcpt for several",
		"sender=a@b.c file=/" + strings.Repeat("x", 20000) + "\n":  "line too long",
	}
	for text, want := range tests {
		_, err := ReadJob(bufio.NewReader(strings.NewReader(text)))
		if err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzReadJob(f *testing.F) {
	f.Add("id=1 sender=a@b.c file=/x offset=3\nrecipient=d@e.f\n\n")
	f.Add("\n\nsender=\"\" file=/x\nrecipient=\"\\\"d e\\\"@f.g\" dsn_notify=NEVER")
	f.Add("sender=a@b.c file=/x recipient=\"d@e.f \\\"g h\\\"@i.j\"")
	f.Fuzz(func(t *testing.T, text string) {
		j, err := ReadJob(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		again, err := ReadJob(bufio.NewReader(bytes.NewReader(AppendJob(nil, j))))
		if err != nil || !reflect.DeepEqual(again, j) {
			t.Errorf("%+v became %+v, %v", j, again, err)
		}
	})
}

// A job is a part of the entry, which stays whole.
func TestJobOfEntry(t *testing.T) {
	q := open(t)
	env := envelope("a", "b", "c")
	env.SMTPUTF8 = true
	env.Recipients[2].Dest = "relay"
	e := take(t, q, add(t, q, env, ""))
	got := e.Job([]int{1, 2}).Envelope
	if !got.SMTPUTF8 || !reflect.DeepEqual(got.Recipients, envelope("b", "c").Recipients) {
		t.Errorf("got %+v", got)
	}
	if !reflect.DeepEqual(e.Envelope, env) {
		t.Errorf("the entry became %+v, want %+v", e.Envelope, env)
	}
}

// An alias may lead to an address in UTF-8: the job that has it needs SMTPUTF8,
// those for other hosts do not.
func TestJobInUTF8(t *testing.T) {
	q, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	d := q.Create(envelope("a", "j\u00fcrgen"))
	defer d.Discard()
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	e, err := q.Get(d.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, tt := range []struct {
		rcpts []int
		want  bool
	}{{[]int{0}, false}, {[]int{0, 1}, true}, {[]int{1}, true}} {
		if j := e.Job(tt.rcpts); j.Envelope.SMTPUTF8 != tt.want || e.Envelope.SMTPUTF8 {
			t.Errorf("%v: SMTPUTF8 is %v, the entry's %v", tt.rcpts, j.Envelope.SMTPUTF8, e.Envelope.SMTPUTF8)
		}
	}
}
