package tool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/lib/arg"
	"postern/lib/record"
	"postern/lib/tool"
)

// checkFunc is a function as a Checker.
type checkFunc func(ctx context.Context, r *record.Record) (tool.Result, error)

func (f checkFunc) Check(ctx context.Context, r *record.Record) (tool.Result, error) {
	return f(ctx, r)
}

// parity is whether an address is even or odd, which is refused.
type parity byte

func (p parity) word() string            { return [...]string{"even", "odd"}[p] }
func (p parity) Record(r *record.Record) { r.Set("parity", p.word()) }
func (p parity) Status() int             { return int(p) * 77 }
func (p parity) Text() string            { return "the address is " + p.word() }
func (p parity) Action() string {
	if p == 1 {
		return "550 5.7.1 odd\nclient"
	}
	return ""
}

// note is a result that is put in front of the message.
type note struct {
	parity
	line string
}

func (n note) Action() string { return "PREPEND X-Parity: " + n.line }

func check(_ context.Context, r *record.Record) (tool.Result, error) {
	addr, err := tool.ClientAddress(r)
	switch last := addr.AsSlice(); {
	case err != nil:
		return nil, err
	case last[3] == 255:
		return nil, errors.New("the store is gone")
	case last[3] == 254:
		panic("a bug")
	case last[3] == 252:
		return note{line: "even"}, nil
	case last[3] == 251:
		return note{line: "\u00fcneven~"}, nil
	default:
		return parity(last[3] & 1), nil
	}
}

// config is a checker that can show its configuration.
type config struct{ checkFunc }

func (config) WriteConfig(w io.Writer) error {
	_, err := io.WriteString(w, "Modulus 2\n")
	return err
}

func program() *tool.Program {
	broken := false
	return &tool.Program{
		Name: "parity", Synopsis: "[--broken] [ip [sender [helo]]]", Sets: []string{"parity", "parity_more"},
		Flags: func(s *arg.Set) { s.Bool(&broken, "broken", "be of no use") },
		Open: func(*tool.Env) (tool.Checker, error) {
			if broken {
				return nil, errors.New("parity.conf:1: unknown directive")
			}
			return config{check}, nil
		},
		Mode: func(e *tool.Env, operands []string) (int, bool) {
			if len(operands) == 1 && operands[0] == "mode" {
				fmt.Fprintln(e.Stdout, "another mode")
				return 3, true
			}
			return 0, false
		},
	}
}

func TestRun(t *testing.T) {
	const request = "request=smtpd_access_policy\nclient_address="
	tests := []struct {
		args, in       string
		status         int
		stdout, stderr string // stderr: what is in it
	}{
		{"192.0.2.2", "", 0, "the address is even\n", ""},
		{"192.0.2.1 a@b helo", "", 77, "the address is odd\n", ""},
		{"192.0.2.x", "", 65, "", `parity: input not understood: client_address "192.0.2.x" is not an IP address`},
		{"1 2 3 4", "", 65, "", "parity: not a record: want"},
		{"192.0.2.255", "", 75, "", "parity: the store is gone"},
		{"192.0.2.254", "", 75, "", "parity: internal error: a bug"},
		{"-J 192.0.2.1 a@b", "", 77, `{"client_address":"192.0.2.1","sender":"a@b","parity":"odd"}` + "\n", ""},
		{"mode", "", 3, "another mode\n", ""},
		{"--check", "", 0, "Modulus 2\n", ""},
		{"--broken 192.0.2.2", "", 78, "", "parity.conf:1: unknown directive"},
		{"-x", "", 64, "", "parity: unknown option -x\nusage: parity [-dnPJV]"},
		{"-j -1", "", 64, "", "option -j: out of range"},
		{"-j 4097", "", 64, "", "option -j: out of range"},
		{"-j 4096", "192.0.2.3\n", 0, "client_address=192.0.2.3 parity=odd\n", ""},
		{"-PJ", "", 64, "", "only one of -P and -J"},
		{"-P 192.0.2.1", "", 64, "", `-P: unexpected operand "192.0.2.1"`},
		{"--check 192.0.2.1", "", 64, "", `--check: unexpected operand "192.0.2.1"`},
		{"-z /nonexistent 192.0.2.1", "", 78, "", "/nonexistent"},
		{"", "192.0.2.3\n", 0, "client_address=192.0.2.3 parity=odd\n", ""},
		{"-P", request + "192.0.2.2\n\n", 0, "action=DUNNO\n\n", ""},
		{"-P", request + "192.0.2.1\n\n" + request + "192.0.2.2\n\n", 0,
			"action=550 5.7.1 odd\\nclient\n\naction=DUNNO\n\n", ""},
		{"-P", request + "192.0.2.255\n\n", 0, "action=DUNNO\n\n", "client_address=192.0.2.255: the store is gone"},
		{"-P", request + "192.0.2.254\n\n", 0, "action=DUNNO\n\n", "internal error: a bug"},
		{"-P", "request=other\nclient_address=192.0.2.1\n\n", 0, "action=DUNNO\n\n", "request=other is not known"},
		{"-P", "rubbish\n\n" + request + "192.0.2.1\n\n", 0,
			"action=DUNNO\n\naction=550 5.7.1 odd\\nclient\n\n", `"rubbish" is not name=value`},
		{"-P --broken", request + "192.0.2.1\n\n", 0, "action=DUNNO\n\n", "parity.conf:1: unknown directive"},
		{"-P -z /nonexistent", request + "192.0.2.1\n\n", 0, "action=DUNNO\n\n", "/nonexistent"},
		{"-P -r nonsense", request + "192.0.2.1\n\n", 0, "action=DUNNO\n\n", "nonsense"},
		{"-P", request + "192.0.2.1\n", 74, "", "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := tool.Run(program(), strings.Fields(tt.args), strings.NewReader(tt.in), &stdout, &stderr)
			if status != tt.status || stdout.String() != tt.stdout || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("status %d, want %d\nstdout %q\nwant   %q\nstderr %q\nwant   %q in it",
					status, tt.status, stdout.String(), tt.stdout, stderr.String(), tt.stderr)
			}
			if tt.stderr == "" && stderr.Len() > 0 {
				t.Errorf("stderr: %s", stderr.String())
			}
		})
	}
}

// One line is put in front of a message, however many recipients ask for it; but
// each of them is refused.
func TestPrependOnce(t *testing.T) {
	const line, other, refused, no = "PREPEND X-Parity: even", "PREPEND X-Parity: ?neven~", `550 5.7.1 odd\nclient`, "DUNNO"
	in, want := "", ""
	for _, tt := range []struct{ address, instance, want string }{
		{"192.0.2.252", "1", line}, {"192.0.2.252", "1", no}, {"192.0.2.252", "2", line}, {"192.0.2.252", "1", line},
		{"192.0.2.251", "1", other}, {"192.0.2.251", "1", no},
		{"192.0.2.1", "1", refused}, {"192.0.2.1", "1", refused},
		{"192.0.2.252", "", line}, {"192.0.2.252", "", line},
	} {
		in += "client_address=" + tt.address + "\ninstance=" + tt.instance + "\n\n"
		want += "action=" + tt.want + "\n\n"
	}
	var stdout, stderr bytes.Buffer
	tool.Run(program(), []string{"-P"}, strings.NewReader(in), &stdout, &stderr)
	if stdout.String() != want {
		t.Errorf("got %s\nwant %s", stdout.String(), want)
	}
}

var lines = []struct{ in, out string }{
	{"192.0.2.1", "client_address=192.0.2.1 parity=odd"},
	{"192.0.2.2 <> helo\r", `client_address=192.0.2.2 sender="" helo_name=helo parity=even`},
	{"client_address=192.0.2.2 parity=odd parity_more=x other=1", "client_address=192.0.2.2 parity=even other=1"},
	{`client_address=::1 error="parity: old"`, "client_address=::1 parity=even"},
	{`client_address=x error="parity: old" parity=odd`, `client_address=x error="parity: client_address \"x\" is not an IP address"`},
	{`sender=a error="other: failed" parity=odd`, `sender=a error="other: failed"`},
	{`client_address=192.0.2.1 error="other: failed"`, `client_address=192.0.2.1 error="other: failed" parity=odd`},
	{"client_address=192.0.2.255", `client_address=192.0.2.255 error="parity: the store is gone"`},
	{"client_address=192.0.2.254", `client_address=192.0.2.254 error="parity: internal error: a bug"`},
	{"", `input="" error="parity: not a record: want name=value ... or address [sender [helo]]"`},
	{"client_address=a b", `input="client_address=a b" error="parity: not a record: \"b\" is not name=value"`},
	{"\x00\xff \x1b", `client_address="\x00\xff" sender="\x1b" error=`},
	{"\x00 b c d", `input="\x00 b c d" error=`},
	{strings.Repeat("x", record.MaxSize) + "yz", "input=" + strings.Repeat("x", 200) + ` error="parity: record too long: 262146 octets"`},
	{"client_address=192.0.2.1 other=" + strings.Repeat("x", 100_000), "client_address=192.0.2.1 other=" + strings.Repeat("x", 100_000) + " parity=odd"},
}

// Every line comes out in its place, whatever it is and however many are worked
// on at once.
func TestFilter(t *testing.T) {
	var in strings.Builder
	for range 50 {
		for _, l := range lines {
			in.WriteString(l.in + "\n")
		}
	}
	for _, jobs := range []string{"1", "2", "100"} {
		var out, stderr bytes.Buffer
		text := strings.TrimSuffix(in.String(), "\n") // the last line may lack its end
		if status := tool.Run(program(), []string{"-j", jobs}, strings.NewReader(text), &out, &stderr); status != 0 {
			t.Fatalf("status %d, %s", status, stderr.String())
		}
		got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(got) != 50*len(lines) {
			t.Fatalf("-j %s: %d lines, want %d", jobs, len(got), 50*len(lines))
		}
		for i, l := range got {
			if want := lines[i%len(lines)].out; !strings.HasPrefix(l, want) {
				t.Fatalf("-j %s line %d:\n got %.300s\nwant %.300s", jobs, i, l, want)
			}
		}
	}
}

// gate is a check that waits until it is let through.
type gate chan struct{}

func (g gate) program() *tool.Program {
	p := program()
	p.Open = func(*tool.Env) (tool.Checker, error) {
		return checkFunc(func(ctx context.Context, r *record.Record) (tool.Result, error) {
			if r.Value("sender") == "slow" {
				<-g
			}
			return check(ctx, r)
		}), nil
	}
	return p
}

// conversation is a filter at work, with both ends in the test's hands.
type conversation struct {
	t    *testing.T
	in   *io.PipeWriter
	out  chan string
	done chan int
}

func converse(t *testing.T, p *tool.Program, args ...string) *conversation {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	c := &conversation{t: t, in: inW, out: make(chan string, 10000), done: make(chan int, 1)}
	go func() {
		c.done <- tool.Run(p, args, inR, outW, io.Discard)
		outW.Close()
	}()
	go func() {
		buf := make([]byte, 1<<20)
		for {
			n, err := outR.Read(buf)
			c.out <- string(buf[:n])
			if err != nil {
				close(c.out)
				return
			}
		}
	}()
	return c
}

func (c *conversation) say(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, s); err != nil {
		c.t.Fatal(err)
	}
}

func (c *conversation) hear(want string) {
	c.t.Helper()
	got := ""
	for len(got) < len(want) {
		select {
		case s := <-c.out:
			got += s
		case <-time.After(10 * time.Second):
			c.t.Fatalf("only %q came, want %q", got, want)
		}
	}
	if got != want {
		c.t.Fatalf("got %q, want %q", got, want)
	}
}

// What is done is written at once when nothing more comes, or when the next line
// takes long.
func TestFlush(t *testing.T) {
	for _, jobs := range []int{1, 10} {
		g := make(gate)
		c := converse(t, g.program(), "-j", strconv.Itoa(jobs))
		c.say("192.0.2.1\n")
		c.hear("client_address=192.0.2.1 parity=odd\n")
		c.say("192.0.2.2\n192.0.2.3\n")
		c.hear("client_address=192.0.2.2 parity=even\nclient_address=192.0.2.3 parity=odd\n")
		if jobs > 1 {
			c.say("192.0.2.5\n192.0.2.4 slow\n192.0.2.6\n")
			c.hear("client_address=192.0.2.5 parity=odd\n")
			g <- struct{}{}
			c.hear("client_address=192.0.2.4 sender=slow parity=even\nclient_address=192.0.2.6 parity=even\n")
		}
		c.in.Close()
		if status := <-c.done; status != 0 {
			t.Errorf("status %d", status)
		}
	}
}

// failing is an output that breaks.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// endless is an input without end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	return copy(b, "192.0.2.1\n"), nil
}

func TestBrokenOutput(t *testing.T) {
	for _, jobs := range []string{"1", "10"} {
		var stderr bytes.Buffer
		status := tool.Run(program(), []string{"-j", jobs}, endless{}, failing{}, &stderr)
		if status != 74 || stderr.String() != "parity: no space left\n" {
			t.Errorf("status %d, stderr %q", status, stderr.String())
		}
	}
}

type brokenInput struct{}

func (brokenInput) Read([]byte) (int, error) { return 0, errors.New("device is on fire") }

func TestBrokenInput(t *testing.T) {
	for _, jobs := range []string{"1", "10"} {
		var stderr bytes.Buffer
		status := tool.Run(program(), []string{"-j", jobs}, brokenInput{}, io.Discard, &stderr)
		if status != 74 || stderr.String() != "parity: device is on fire\n" {
			t.Errorf("status %d, stderr %q", status, stderr.String())
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add([]byte("192.0.2.1\nclient_address=::1 sender=\"\"\n\x00\n"))
	f.Add([]byte("client_address=\"\n\n\nx"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		if err := program().Filter(context.Background(), checkFunc(check), tool.Flags{Jobs: 3}, bytes.NewReader(in), &out); err != nil {
			t.Fatal(err)
		}
		want := bytes.Count(in, []byte("\n"))
		if len(in) > 0 && in[len(in)-1] != '\n' {
			want++
		}
		if got := bytes.Count(out.Bytes(), []byte("\n")); got != want {
			t.Fatalf("%d lines in, %d out", want, got)
		}
		for line := range bytes.Lines(out.Bytes()) {
			if _, err := record.ParseLine(line); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// BenchmarkFilter is the cost of a line apart from its check.
func BenchmarkFilter(b *testing.B) {
	text := []byte("client_address=192.0.2.1 client_name=mx.example.org helo_name=mx.example.org sender=somebody@example.org recipient=other@example.net\n")
	for _, jobs := range []int{1, 64} {
		b.Run(strconv.Itoa(jobs), func(b *testing.B) {
			b.ReportAllocs()
			in := &repeated{text: text, n: b.N}
			if err := program().Filter(context.Background(), checkFunc(check), tool.Flags{Jobs: jobs}, in, io.Discard); err != nil {
				b.Fatal(err)
			}
		})
	}
}

type repeated struct {
	text []byte
	n    int
}

func (r *repeated) Read(b []byte) (n int, err error) {
	if r.n <= 0 {
		return 0, io.EOF
	}
	for r.n > 0 && n+len(r.text) <= len(b) {
		n += copy(b[n:], r.text)
		r.n--
	}
	return n, nil
}
