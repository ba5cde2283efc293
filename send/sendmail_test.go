package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"postern/lib/deliver"
	"postern/lib/sysexits"
)

// TestCallers is the command lines of programs that call sendmail.
func TestCallers(t *testing.T) {
	const text = "From: z@x.example\nTo: bob@mx.example\nDate: x\nMessage-ID: <y>\n\nx\n.\nthe end\n"
	for _, tt := range []struct{ caller, args string }{
		{"cron of Debian", "-i -FCronDaemon -B8BITMIME -oem bob"},
		{"cron with more in MAILTO", "-i -FCronDaemon -B8BITMIME -oem carol,bob@mx.example"},
		{"cronie", "-FCronDaemon -i -odi -oem -oi -t -f root"},
		{"busybox crond", "-ti bob"},
		{"systemd-cron", "-i -B8BITMIME bob"},
		{"at", "-i bob"},
		{"s-nail", "-i -- bob@mx.example"},
		{"s-nail -r -v", "-i -m -v -r me@x.example -- bob@mx.example"},
		{"git send-email", "-f me@x.example -i bob@mx.example"},
		{"PHP", "-t -i"},
		{"PHP with additional parameters", "-t -i -fme@x.example"},
		{"mutt", "-oem -oi -f me@x.example -- bob@mx.example"},
		{"mutt with DSN", "-oem -oi -f me@x.example -N failure,delay -R hdrs -- bob@mx.example"},
		{"Emacs", "-oi -fme@x.example -oem -odb -t"},
		{"MIME::Lite", "-t -oi -oem"},
		{"mini", "bob"},
		{"Mailman, Sympa", "-oi -odi -oem -ONiceness=3 -f <> bob@mx.example"},
		{"old ones", "-oMrsmtp -oMshost -oee -o7 -odq -oQ/tmp -oX -o zzz -O DeliveryMode=b -h 10 -p smtp:host -L tag -G -U -d0.1 -q30m -em bob"},
		{"asmtpd", "-oi -os -oee -f a@b.example -- bob@mx.example"},
	} {
		t.Run(tt.caller, func(t *testing.T) {
			p := instance(t)
			status, stdout, stderr := send(strings.NewReader(text), strings.Fields(tt.args)...)
			if status != 0 || stdout != "" || stderr != "" && !strings.Contains(tt.args, "-v") {
				t.Errorf("got %d, %q, %q", status, stdout, stderr)
			}
			if got := mails(t, p, "bob"); len(got) != 1 || !strings.HasSuffix(got[0], "\nx\n.\nthe end\n") {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestOperands is who is meant by an operand: an address as it stands or, as
// cron has it from MAILTO, a list of them.
func TestOperands(t *testing.T) {
	p := &program{config: newConfig(instance(t))}
	p.mail = deliver.New(deliver.Config{Hostname: "h.example"}, p.places)
	for operand, want := range map[string]string{
		"bob":                        "bob@h.example",
		"<bob@x.example>":            "bob@x.example",
		"Bob <bob@x.example>":        "bob@x.example",
		"a,b@x.example, c":           "a@h.example b@x.example c@h.example",
		"a@x.example,b@x.example":    "a@x.example b@x.example",
		`"a,b"@x.example`:            `"a,b"@x.example`,
		"a b":                        "error",
		"<@r.example:bob@x.example>": "bob@x.example",
		"team: bob, c@x.example;":    "bob@h.example c@x.example",
		",":                          "error",
		"":                           "error",
		"<>":                         "error",
	} {
		env, err := p.fromArgs([]string{operand})
		got := "error"
		if err == nil {
			var words []string
			for _, r := range env.Recipients {
				words = append(words, r.Mailbox.String())
			}
			got = strings.Join(words, " ")
		}
		if got != want {
			t.Errorf("%q: got %q, %v; want %q", operand, got, err, want)
		}
	}
}

// TestSender is -f: an address, or one in the form of a header.
func TestSender(t *testing.T) {
	p := &program{config: newConfig(instance(t))}
	p.mail = deliver.New(deliver.Config{Hostname: "h.example"}, p.places)
	p.hasSender = true
	for sender, want := range map[string]string{
		"ann@x.example":                "ann@x.example",
		"ann":                          "ann@h.example",
		"Ann <ann@x.example>":          "ann@x.example",
		`"Bee, Ann" <ann>`:             "ann@h.example",
		"ann@x.example (Ann)":          "ann@x.example",
		"<@r.example:ann@x.example>":   "ann@x.example",
		"":                             "",
		"<>":                           "",
		"ann@x.example, bob@x.example": `error: sender "ann@x.example, bob@x.example": is more than one address`,
		"team:;":                       `error: sender "team:;": `,
		"ann bob":                      `error: sender "ann bob": `,
	} {
		p.sender = sender
		m, err := p.envelopeSender()
		got := m.String()
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want && (err == nil || !strings.HasPrefix(got, want) || want == "") {
			t.Errorf("%q: got %q, want %q", sender, got, want)
		}
	}
}

// TestModes is -b.
func TestModes(t *testing.T) {
	p := instance(t)
	for mode, want := range map[string]int{"-bi": 0, "-I": 0, "-bv": sysexits.Usage, "-bz": sysexits.Usage, "-bp": sysexits.OSErr} {
		if status, _, _ := send(strings.NewReader(""), mode); status != want {
			t.Errorf("%s: got %d, want %d", mode, status, want)
		}
	}
	for flag, want := range map[string]string{
		"-bs": "smtpd -i\n", "-bp": "runq -l\n", "-q": "runq -E\n", "-qIabc": "runq -q abc\n",
		"-qRexample.org": "runq -q example.org\n", "-qS@example.org": "runq -q example.org\n",
	} {
		name, _, _ := strings.Cut(want, " ")
		if err := os.MkdirAll(p.Programs(), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, p.Programs()+"/"+name, "#!/bin/sh\necho "+name+" \"$@\"; echo why >&2; exit 75\n")
		os.Chmod(p.Programs()+"/"+name, 0o755)
		if status, stdout, stderr := send(strings.NewReader(""), flag); status != 75 || stdout != want || stderr != "send: why\n" {
			t.Errorf("%s: got %d, %q, %q", flag, status, stdout, stderr)
		}
	}
}

// TestFinalPersonal is what a user has set up, obeyed by his own process: the
// addresses of forward are printed, and the exit status of pipeto is ours.
func TestFinalPersonal(t *testing.T) {
	p := instance(t)
	box := p.Mail() + "/bob/"
	deliver := func() (int, string, string) {
		return send(strings.NewReader("Subject: x\n\nbody\n"), "--deliver", ">> "+box, "-f", "a@b.example", "--", "bob@mx.example")
	}
	for _, status := range []int{0, 65, 67, 68, 69, 75, 77} {
		put(t, box+"pipeto", fmt.Sprintf("#!/bin/sh\necho because >&2; exit %d\n", status))
		os.Chmod(box+"pipeto", 0o755)
		want := "send: because\n"
		if status == 0 {
			want = ""
		}
		if got, stdout, stderr := deliver(); got != status || stdout != "" || stderr != want {
			t.Errorf("got %d, %q, %q, want %d", got, stdout, stderr, status)
		}
	}
	put(t, box+"forward", "x@y.example, carol # and\n")
	if status, stdout, stderr := deliver(); status != 0 || stdout != "x@y.example\ncarol\n" || stderr != "" {
		t.Errorf("got %d, %q, %q", status, stdout, stderr)
	}
}

// TestNames is the names by which sendmail is called.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"/usr/sbin/sendmail -t": "-t", "/usr/lib/sendmail x": "x", "mailq": "-bp", "/usr/bin/mailq -v": "-bp -v", "/usr/bin/newaliases": "-bi", "send -x a": "-x a",
	} {
		if got := strings.Join(byName(strings.Fields(name)), " "); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestVerify is -bv: where the addresses go.
func TestVerify(t *testing.T) {
	p := instance(t)
	status, stdout, stderr := send(strings.NewReader(""), "-bv", "bob", "nobody-here")
	if want := "bob >> " + p.Mail() + "/bob/\nnobody-here nobody nobody-here@mx.example\n"; status != sysexits.NoUser || stdout != want || stderr != "" {
		t.Errorf("got %d, %q, %q, want %q", status, stdout, stderr, want)
	}
}
