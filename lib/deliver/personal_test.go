package deliver

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestForward is a user who sends his mail on.
func TestForward(t *testing.T) {
	const entry = "Delivered-To: bob@mx.example\n" + text
	tests := []struct{ name, forward, want string }{
		{"away", "bob@remote.example\n", "bob@remote.example|rfc822;bob@mx.example|relay|" + entry},
		{"two", "# old\nx@remote.example, carol # and\n", "x@remote.example|rfc822;bob@mx.example|relay|carol|rfc822;bob@mx.example|>> /var/lib/postern/mail/carol/|" + entry},
		{"and here", "bob x@remote.example", "bob|rfc822;bob@mx.example|>> /var/lib/postern/mail/bob/|x@remote.example|rfc822;bob@mx.example|relay|" + entry},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := newInstance(t, "bob", "carol")
			in.put(in.box("bob")+"/forward", tt.forward, 0o600)
			d := in.runner()
			o := in.carry(d, "bob@mx.example", text)
			if o.Status != Delivered || o.Where != "queue abc-0" || len(in.mails("bob")) > 0 {
				t.Fatalf("got %v, %s at %q", o.Status, o, o.Where)
			}
			if got := in.queued(d, "abc-0"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestForwardExpanded is a user who sends his mail on to several, the sender of
// which wants to hear of success: of them he is told nothing.
func TestForwardExpanded(t *testing.T) {
	for forward, want := range map[string][]string{
		"x@remote.example\n":       {"x@remote.example SUCCESS relay"},
		"x@remote.example carol\n": {"x@remote.example NEVER relay", "carol NEVER >> ~carol/", "bob@mx.example SUCCESS expanded"},
	} {
		in := newInstance(t, "bob", "carol")
		in.put(in.box("bob")+"/forward", forward, 0o600)
		d, env := in.runner(), envelope("bob@mx.example")
		env.ID, env.Recipients[0].Notify = "abc", []string{"SUCCESS"}
		if o := d.Deliver(t.Context(), env, 0, strings.NewReader(text), false); o.Status != Delivered || !o.Onward {
			t.Fatalf("got %v", o)
		}
		if got := in.notified(d, "abc-0"); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", forward, got, want)
		}
	}
}

// TestForwardEnds is two users who forward to each other, and one who forwards
// to himself: the mail is delivered where it has been before.
func TestForwardEnds(t *testing.T) {
	in := newInstance(t, "bob")
	in.put(in.box("bob")+"/forward", "carol, bob\n", 0o600)
	o := in.carry(in.runner(), "bob@mx.example", "Delivered-To: carol@mx.example\nDelivered-To: bob@mx.example\n"+text)
	if got := in.mails("bob"); o.Status != Delivered || len(got) != 1 || !strings.HasSuffix(got[0], text) {
		t.Errorf("got %v, %q", o, got)
	}
}

func TestForwardFaults(t *testing.T) {
	tests := []struct {
		name, text, words string
		mode              os.FileMode
	}{
		{"others may write", "x@remote.example\n", "others may write it", 0o622},
		{"no address", "x@@y\n", "forward: ", 0o600},
		{"unknown here", "nosuch\n", "no such recipient", 0o600},
		{"too many", strings.Repeat("a@b.example ", 101), "more than 100 addresses", 0o600},
		{"too long", strings.Repeat("# xxxxxxxxx\n", 6000), "larger than", 0o600},
	}
	for _, tt := range tests {
		in := newInstance(t, "bob")
		in.put(in.box("bob")+"/forward", tt.text, tt.mode)
		o := in.carry(in.runner(), "bob@mx.example", text)
		if o.Status != Deferred || o.Err == nil || !strings.Contains(o.Err.Error(), tt.words) {
			t.Errorf("%s: got %v, %v, want %q", tt.name, o.Status, o, tt.words)
		}
	}
	in := newInstance(t, "bob")
	if err := os.Symlink("/etc/passwd", in.box("bob")+"/forward"); err != nil {
		t.Fatal(err)
	}
	if o := in.carry(in.runner(), "bob@mx.example", text); o.Status != Deferred || len(in.mails("bob")) > 0 {
		t.Errorf("a link: got %v", o)
	}
	in = newInstance(t, "bob")
	in.put(in.box("bob")+"/forward", "\n# nobody\n", 0o600)
	if o := in.carry(in.runner(), "bob@mx.example", text); o.Status != Delivered || len(in.mails("bob")) != 1 {
		t.Errorf("an empty one: got %v", o)
	}
}

// TestPipeto is a user's program.
func TestPipeto(t *testing.T) {
	in := newInstance(t, "bob")
	pipeto := in.script("var/lib/postern/mail/bob/pipeto", `printf '%s\n' "$@" $USER $HOME $upasname $SENDER >args; cat >text; exit 0`)
	d := in.runner()
	if o := in.carry(d, "bob@mx.example", text); o.Status != Delivered || o.Where != "| "+pipeto {
		t.Fatalf("got %v at %q", o, o.Where)
	}
	box := in.box("bob")
	want := strings.Join([]string{"bob@mx.example", box, "bob", box, "bob", "a@sender.example", ""}, "\n")
	if got := in.read("var/lib/postern/mail/bob/args"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := in.read("var/lib/postern/mail/bob/text"), "Return-Path: <a@sender.example>\nDelivered-To: bob@mx.example\n"+text; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if o := in.carry(d, "bob@mx.example", "Delivered-To: bob@mx.example\n"+text); o.Status != Rejected || o.Reply.Code != 554 {
		t.Errorf("a loop: got %v", o)
	}
	if got := in.mails("bob"); len(got) > 0 {
		t.Errorf("in the mailbox as well: %q", got)
	}
	in.script("var/lib/postern/mail/bob/pipeto", "echo no room >&2; exit 75")
	if o := in.carry(d, "bob@mx.example", text); o.Status != Deferred || o.Reply.String() != "451 4.3.0 no room" {
		t.Errorf("exit 75: got %v", o)
	}
	for _, tt := range []struct {
		mode  os.FileMode
		mails int
	}{{0o777, 0}, {0o644, 1}} {
		os.Chmod(pipeto, tt.mode)
		o := in.carry(d, "bob@mx.example", text)
		if got := len(in.mails("bob")); got != tt.mails || (o.Status == Delivered) != (tt.mails > 0) {
			t.Errorf("mode %o: got %v and %d messages, want %d", tt.mode, o, got, tt.mails)
		}
	}
}
