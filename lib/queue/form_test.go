package queue

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"postern/lib/record"
)

func mkfifo(name string) error { return syscall.Mkfifo(name, 0o600) }

func TestStatusForm(t *testing.T) {
	tests := []Status{
		{},
		{State: Done},
		{State: Begun, Tries: 1},
		{State: Rejected, Tries: 999, Tried: time.Unix(9999999999, 0).UTC(), Reply: "550 5.1.1 no such user"},
		{State: Waiting, Tries: 12, Tried: time.Unix(1, 0).UTC(), Reply: "450 ü€😀"},
		{Reply: strings.Repeat("x", replyLen)},
		{State: Arrived},
		{State: Told},
		{State: Late},
	}
	for _, want := range tests {
		b := want.append(nil)
		if len(b) != statusLen {
			t.Errorf("%+v: %d octets, want %d", want, len(b), statusLen)
		}
		got, ok := parseStatus(b)
		if !ok || got != want {
			t.Errorf("got %+v, %v, want %+v", got, ok, want)
		}
		if _, err := record.ParseLine(b); err != nil {
			t.Errorf("%q is no record: %v", b, err)
		}
	}
}

func TestStatusIsCut(t *testing.T) {
	tests := map[string]Status{
		"many tries":  {Tries: 123456},
		"far future":  {Tried: time.Unix(1<<40, 0)},
		"far past":    {Tried: time.Unix(-5, 0)},
		"long reply":  {Reply: strings.Repeat("abc ", 100)},
		"long utf8":   {Reply: strings.Repeat("é", 100) + "€" + strings.Repeat("😀", 100)},
		"odd octets":  {Reply: "a\"b\\c\nd\x00e\xfff\u202eg\u2028h"},
		"only quotes": {Reply: strings.Repeat(`"`, 300)},
	}
	for name, s := range tests {
		b := s.append(nil)
		if len(b) != statusLen || !utf8.Valid(b) || bytes.ContainsAny(b, "\n\x00") {
			t.Errorf("%s: %q", name, b)
		}
		if _, ok := parseStatus(b); !ok {
			t.Errorf("%s: not read back", name)
		}
	}
}

// TestStates has what is still to be done in each state.
func TestStates(t *testing.T) {
	for s, want := range [...]struct{ open, over bool }{
		Waiting: {true, false}, Begun: {true, false}, Late: {true, false},
		Arrived: {false, false}, Rejected: {false, false},
		Done: {false, true}, Told: {false, true},
	} {
		if s := State(s); s.Open() != want.open || s.over() != want.over {
			t.Errorf("%v: open %v, over %v, want %v", s, s.Open(), s.over(), want)
		}
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"550 \"a\\b\"\n":                      "550 'a/b'",
		"\xff\t550 no":                        "550 no",
		strings.Repeat("x", 159) + "\u20ac":   strings.Repeat("x", 159),
		strings.Repeat("x", 157) + "\u20acyz": strings.Repeat("x", 157) + "\u20ac",
	} {
		got, ok := parseStatus(Status{Reply: text}.append(nil))
		if !ok || got.Reply != want {
			t.Errorf("%q became %q, %v, want %q", text, got.Reply, ok, want)
		}
	}
}

func TestTornState(t *testing.T) {
	for word, want := range map[string]State{
		"wait": Waiting, "busy": Begun, "done": Done, "fail": Rejected, "late": Late, "waly": Waiting, "\x00\x00\x00\x00": Waiting,
	} {
		if got := parseState(word); got != want {
			t.Errorf("%q: %v, want %v", word, got, want)
		}
	}
}

func TestBuckets(t *testing.T) {
	for name, want := range map[string]string{
		"20261121-1205": "2026-11-21 12:05:00 +0000 UTC",
		"20261121":      "0001-01-01 00:00:00 +0000 UTC",
		"new":           "0001-01-01 00:00:00 +0000 UTC",
		"99999999-9999": "0001-01-01 00:00:00 +0000 UTC",
	} {
		if got := parseBucket(name).String(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for _, second := range []int{1, 60} {
		ref := waitRef("x", time.Date(2026, 11, 21, 12, 4, second, 0, time.UTC))
		if !strings.HasPrefix(ref.folder, "wait/20261121-1205/") || !ref.Due.Equal(parseBucket("20261121-1205")) {
			t.Errorf("second %d: %+v", second, ref)
		}
	}
}

func TestID(t *testing.T) {
	now := time.Now()
	var ids []string
	count := map[string]int{}
	for i := range 3200 {
		id := NewID(now.Add(time.Duration(i) * time.Millisecond))
		if !ValidID(id) {
			t.Fatalf("%q is not valid", id)
		}
		ids = append(ids, id)
		count[shard(id)]++
	}
	if !slices.IsSorted(ids) {
		t.Error("ids do not sort by time")
	}
	for _, s := range shards {
		if n := count[string(s)]; n < 100 || n > 300 {
			t.Errorf("shard %c has %d of 3200", s, n)
		}
	}
	for _, good := range []string{"azAZ09_-", "_", strings.Repeat("x", 64)} {
		if !ValidID(good) {
			t.Errorf("%q is not valid", good)
		}
	}
	for _, bad := range []string{"", "-a", ".", "..", "a/b", "a b", "ä", strings.Repeat("x", 65), "a\n"} {
		if ValidID(bad) {
			t.Errorf("%q is valid", bad)
		}
	}
}

func TestEnvelopeForm(t *testing.T) {
	env := envelope("a", "b", "c@d")
	env.ID, env.Recipients[0].Notify = "i1", []string{"NEVER"}
	env.Recipients[1].Mailbox.Domain = "" // as send may be told
	env.Recipients[2].Mailbox.Domain = ""
	env.Sender = mailbox("", "")
	b := AppendEnvelope(nil, env)
	want := "id=i1 sender=\"\"\nrecipient=a@example.org dsn_notify=NEVER\nrecipient=b\nrecipient=\"\\\"c@d\\\"@\"\n\n"
	if string(b) != want {
		t.Errorf("got  %q\nwant %q", b, want)
	}
	r := bufio.NewReaderSize(strings.NewReader(want+"the rest"), 16)
	got, err := ReadEnvelope(r)
	if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", env) {
		t.Errorf("got %+v, %v, want %+v", got, err, env)
	}
	if rest, _ := r.ReadString(0); rest != "the rest" {
		t.Errorf("the rest: %q", rest)
	}
}

func TestReadEnvelopeErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                                       "unexpected EOF",
		"\n":                                     "no sender",
		"recipient=a@b.example\n":                "no sender",
		"sender=\"\"\nsender=\"\"\n":             "without recipient",
		"sender=@@\n":                            "sender: ",
		"sender=\"\"\nrecipient=@\n":             "recipient: ",
		"sender=\"\" size=-1\n":                  "bad size",
		"sender=\"" + strings.Repeat("x", 20000): "too long",
		"sender=\"\"\n" + strings.Repeat("recipient=a\n", MaxRecipients+1): "more than 50000 recipients",
	} {
		if _, err := ReadEnvelope(bufio.NewReader(strings.NewReader(in))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", in, err, want)
		}
	}
}

func FuzzReadEnvelope(f *testing.F) {
	f.Add(AppendEnvelope(nil, envelope("a", "b c", `d"e`)))
	f.Add([]byte("sender=\"\"\nrecipient=\"a b\"@c\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		env, err := ReadEnvelope(bufio.NewReader(bytes.NewReader(in)))
		if err != nil {
			return
		}
		again, err := ReadEnvelope(bufio.NewReader(bytes.NewReader(AppendEnvelope(nil, env))))
		if err != nil || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", env) {
			t.Errorf("%+v became %+v, %v", env, again, err)
		}
	})
}

func FuzzReadHead(f *testing.F) {
	f.Add(append(appendHead(nil, envelope("a", "b"), time.Now()), "text\n"...))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, err := readHead(bytes.NewReader(in))
		if err != nil {
			return
		}
		if h.size > int64(len(in)) || len(h.status) != len(h.env.Recipients) {
			t.Fatalf("%+v of %d octets", h, len(in))
		}
		// Overwriting a status in its place leaves an entry.
		for i, at := range h.offset {
			copy(in[at:], Status{State: Done, Reply: "250 ok"}.append(nil))
			if again, err := readHead(bytes.NewReader(in)); err != nil || again.status[i].State != Done {
				t.Fatalf("recipient %d: %v", i, err)
			}
		}
	})
}
