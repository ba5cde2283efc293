package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// durableStep finds the calls that make a message last, and the reply.
var durableStep = regexp.MustCompile(`^\d+ +(fsync|fdatasync|linkat|link|renameat2|renameat|rename|write|writev|sendto)\((.*)`)

// TestSyncedBeforeAcknowledged traces smtpd and looks at what it did before it
// said 250 to a message: text synced, linked into place, folder synced.
func TestSyncedBeforeAcknowledged(t *testing.T) {
	Need(t, "strace")
	for _, way := range []struct{ name, rcpt string }{{"Maildir", "ann@" + hostname}, {"queue", "post@" + hostname}} {
		t.Run(way.name, func(t *testing.T) {
			in := newInstance(t)
			in.mboxAlias()
			log := filepath.Join(in.root, "trace")
			conn, p := in.connect(straced([]string{"-s", "80", "-o", log,
				"-e", "trace=fsync,fdatasync,linkat,link,rename,renameat,renameat2,write,writev,sendto"}, program(t, "smtpd"))...)
			if !deliverOnce(t, conn, way.rcpt) {
				t.Fatal("the message was not accepted")
			}
			<-p.done
			text, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if got := durableSteps(string(text)); !isDurable(got) {
				t.Errorf("before the 250: %q, want a sync, a link, a sync\n%s", got, text)
			}
		})
	}
}

// durableSteps are the syncs, links and renames between 354 and the reply to
// the message, in order.
func durableSteps(trace string) []string {
	var steps []string
	within := false
	for line := range strings.Lines(trace) {
		m := durableStep.FindStringSubmatch(line)
		switch {
		case m == nil:
		case strings.Contains(m[2], `"354 `):
			within = true
		case within && strings.Contains(m[2], `"250 `):
			return steps
		case within && strings.Contains(m[1], "sync"):
			steps = append(steps, "sync")
		case within && (strings.Contains(m[1], "link") || strings.Contains(m[1], "rename")):
			steps = append(steps, "link")
		}
	}
	return nil // no reply at all
}

// isDurable tells whether steps have a sync before the first link, and one
// after the last.
func isDurable(steps []string) bool {
	first := slices.Index(steps, "link")
	return first > 0 && steps[0] == "sync" && steps[len(steps)-1] == "sync"
}
