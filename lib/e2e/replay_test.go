package e2e

import (
	"os"
	"strings"
	"testing"

	"postern/lib/dnstest"
	"postern/lib/record"
)

// replayed are mails whose decision hangs on one answer of the DNS each: on one
// that is there, one that is not, one of another type only, one that failed, one
// that never came, and one behind aliases.
var replayed = []struct{ sender, reply, spf string }{
	{"joe@pass.test", "250 ", "pass"},
	{"joe@fail.test", "550 5.7.23 ", "fail"},
	{"joe@nowhere.test", "250 ", "none"},
	{"joe@none.test", "250 ", "none"},
	{"joe@temp.test", "451 4.4.3 ", "temperror"},
	{"joe@silent.test", "451 4.4.3 ", "temperror"},
	{"joe@alias.test", "550 5.7.23 ", "fail"},
	{"joe@void.test", "550 5.7.23 ", "fail"},
	{"joe@include.test", "451 4.4.3 ", "temperror"},
	{"joe@strange.test", "250 ", "softfail"},
}

// replayZone has more than mailZone.
const replayZone = mailZone + `
alias.test.   CNAME alias2.test.
alias2.test.  CNAME fail.test.
void.test.    TXT "v=spf1 a:nowhere.test mx:dangling.test -all exp=why.void.test"
dangling.test. CNAME nowhere2.test.
why.void.test. TXT "%{i} is " "not ours; ask \"us\""
include.test. TXT "v=spf1 include:pass2.test include:silent.test -all"
pass2.test.   TXT "v=spf1 ip4:198.51.100.1 -all"
strange.test. TXT "v=spf1 exists:%{l}\\ab;c.%{i}.strange.test ~all"
`

// replayLists are asked about each; one has the client, one fails, one is silent
// about one of the senders, and one has another.
var replayLists = []string{"-s 60 list.test", "-s 60 broken.test", "-f -s 60 quiet.test", "-f -s 30 senders.test"}

func newReplayWorld(t *testing.T, conf ...string) *world {
	w := newWorld(t, replayZone, conf...)
	for _, name := range []string{"silent.test", "pass.test.quiet.test"} {
		w.dns.Fault(name, dnstest.Silent)
	}
	return w
}

// TestReplayOfFilters: what spf and rbl have found out with the DNS they find
// out again without it, to the last word.
func TestReplayOfFilters(t *testing.T) {
	t.Parallel()
	w := newReplayWorld(t)
	var in strings.Builder
	for _, m := range replayed {
		in.WriteString(stranger + " " + m.sender + " out.pass.test\n")
	}
	for i, line := range w.filters(in.String(), program(t, "spf")) {
		if m := replayed[i]; !strings.Contains(line, " spf="+m.spf+" ") {
			t.Errorf("%s: %s, want %s", m.sender, line, m.spf)
		}
	}
	lists := []string{}
	for _, l := range replayLists {
		lists = append(lists, "-b", l)
	}
	for i, line := range w.filters(in.String(), program(t, "rbl"), lists...) {
		quiet := replayed[i].sender == "joe@pass.test"
		if !strings.Contains(line, ` rbl="list.test (127.0.0.2)`) || !strings.Contains(line, ` rbl_errors="broken.test (`) || strings.Contains(line, ", quiet.test (") != quiet {
			t.Errorf("%s: %s", replayed[i].sender, line)
		}
	}
}

// TestReplayOfSessions: from the record of a decision and the answers that it
// names, smtpd, spf and rbl come to the same decision without the DNS.
func TestReplayOfSessions(t *testing.T) {
	t.Parallel()
	conf := []string{"DNSRecord dns"}
	lists := []string{}
	for _, l := range replayLists {
		conf = append(conf, "RBL "+l)
		lists = append(lists, "-b", l)
	}
	w := newReplayWorld(t, conf...)
	w.mkdir("var/lib/postern/dns")
	c, _ := w.meet(stranger) // who is described from now on
	c.quit()
	for _, m := range replayed {
		t.Run(m.sender, func(t *testing.T) {
			t.Parallel()
			d := w.decideOn(t, m.sender, m.reply)
			file := d.Value("dns_record")
			if _, err := os.Stat(file); err != nil {
				t.Fatalf("%v: %s", err, d.String())
			}
			if d.Value("spf") != m.spf || m.spf != "fail" && m.spf != "temperror" && d.Value("rbl_score") == "" {
				t.Errorf("want %s: %s", m.spf, d.String())
			}
			again := w.decideOn(t, m.sender, m.reply, "-z", file)
			for _, name := range append([]string{"verdict", "check", "reason"}, evidence...) {
				sameValue(t, "smtpd", name, d, again)
			}
			for _, program := range [][]string{{"spf"}, append([]string{"rbl"}, lists...)} {
				r := w.offline(t, d, file, program...)
				for _, name := range evidence {
					if strings.HasPrefix(name, program[0]) {
						sameValue(t, program[0], name, d, r)
					}
				}
			}
		})
	}
}

// evidence is what of a record comes from the DNS.
var evidence = []string{"spf", "spf_record", "spf_domain", "spf_mechanism", "spf_problem", "spf_explanation", "rbl", "rbl_errors", "rbl_score"}

// sameValue compares what was known when it was decided: when a check has refused
// the mail others may still be asking.
func sameValue(t *testing.T, program, name string, d, again record.Record) {
	t.Helper()
	want, known := d.Lookup(name)
	got, still := again.Lookup(name)
	if refused := d.Value("check") != ""; known && got != want && (still || !refused) {
		t.Errorf("%s: %s=%q was %q", program, name, got, want)
	}
}

// decideOn is a session with one mail, up to its recipient, by a smtpd with
// these options. It answers the decision.
func (w *world) decideOn(t *testing.T, sender, reply string, options ...string) record.Record {
	t.Helper()
	conn, p := w.sessionOf(stranger, options...)
	c := converse(t, conn)
	c.expect("220 ")
	c.ask("EHLO out.pass.test", "250-")
	if got := c.sends(sender, ann); !strings.HasPrefix(got, reply) {
		t.Errorf("smtpd %q: %q, want %s", options, got, reply)
	}
	c.ask("RSET", "250 ")
	c.quit()
	return p.lastDecision(t)
}

// offline runs a filter over the record of a decision, from which what came of
// the DNS is taken out.
func (w *world) offline(t *testing.T, d record.Record, file string, argv ...string) record.Record {
	t.Helper()
	asked := d.Clone()
	for _, name := range evidence {
		asked.Delete(name)
	}
	out, status := w.run(asked.String()+"\n", program(t, argv[0]), append(argv[1:], "-z", file)...)
	r, err := record.ParseLine([]byte(out))
	if err != nil || status != 0 {
		t.Fatalf("%q: status %d, %v\n%s", argv, status, err, out)
	}
	return r
}
