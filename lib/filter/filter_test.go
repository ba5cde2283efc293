package filter

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/lib/e2e"
)

// noon is when most tests begin.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// entry is one that expires in an hour.
func entry(addr string) Entry {
	return Entry{Net: Net(netip.MustParseAddr(addr)), Expires: noon.Add(time.Hour), Reason: "MaxErrorsPerIP"}
}

func TestNames(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1",
		"::ffff:192.0.2.1":     "192.0.2.1",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
	} {
		if got := entry(addr).Name(); got != want {
			t.Errorf("%s is kept out as %s, want %s", addr, got, want)
		}
	}
}

func TestAskAndList(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "filter")
	if got, err := List(dir); len(got) != 0 || err != nil {
		t.Errorf("without a folder List = %v, %v", got, err)
	}
	for _, addr := range []string{"2001:db8::9", "192.0.2.1", "192.0.2.1"} {
		if err := Ask(dir, entry(addr)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := List(dir)
	if err != nil || len(got) != 2 || got[0] != entry("192.0.2.1") || got[1] != entry("2001:db8::") {
		t.Errorf("List = %v, %v", got, err)
	}
	for range 2 {
		if err := Remove(dir, got[0]); err != nil {
			t.Error(err)
		}
	}
	if got, _ = List(dir); len(got) != 1 {
		t.Errorf("after Remove List = %v", got)
	}
}

// What root asks for, who tries a program, the folder's owner can take back and
// smtpfilter can read, and the folder is for them.
func TestRoot(t *testing.T) {
	dir := filepath.Join(e2e.ForeignDir(t), "filter")
	if err := Ask(dir, entry("192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(dir)
	if err != nil || st.Sys().(*syscall.Stat_t).Uid != e2e.Foreigner {
		t.Errorf("the folder is %+v, %v", st.Sys(), err)
	}
	if st, err = os.Stat(filepath.Join(dir, "192.0.2.1")); err != nil || st.Mode()&0o004 == 0 {
		t.Errorf("the file is %v, %v", st.Mode(), err)
	}
}

// Others of the group read and remove what is asked for.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "filter")
	if err := Ask(dir, entry("192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{dir: 0o770, filepath.Join(dir, "192.0.2.1"): 0o644} {
		st, err := os.Stat(name)
		if err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", name, st.Mode(), err, want)
		}
	}
}

func TestFresh(t *testing.T) {
	for _, c := range []struct {
		expires time.Duration
		want    bool
	}{{-1, false}, {0, false}, {1, true}, {time.Hour, true}, {Longest, true}, {Longest + time.Hour, false}, {1 << 62, false}} {
		if got := (Entry{Expires: noon.Add(c.expires)}).Fresh(noon); got != c.want {
			t.Errorf("one that expires in %v: Fresh = %v, want %v", c.expires, got, c.want)
		}
	}
}

// What somebody has put into the folder is named, not obeyed.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	if err := Ask(dir, entry("192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"192.0.2.2": "", "192.0.2.3": "tomorrow", "hello": "2026-11-21T13:00:00Z", "2001:db8::1": "2026-11-21T13:00:00Z x",
		"fe80::%x": "2026-11-21T13:00:00Z x", "-A": "2026-11-21T13:00:00Z x", ".hidden": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "192.0.2.4")); err != nil {
		t.Fatal(err)
	}
	got, err := List(dir)
	if len(got) != 1 || got[0] != entry("192.0.2.1") || err == nil {
		t.Fatalf("List = %v, %v", got, err)
	}
	for _, name := range []string{"192.0.2.2: empty", "192.0.2.3: \"tomorrow\" is not a time", "hello: not named", "2001:db8::1: not", "fe80::%x: not", "-A: not", "192.0.2.4"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q is not in the error: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "hidden") {
		t.Error("what is not finished is complained of")
	}
}

// An attacker with many addresses does not use up the disk.
func TestFull(t *testing.T) {
	dir := t.TempDir()
	for i := range MaxEntries {
		name := fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Ask(dir, entry("192.0.2.1")); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v, want %v", err, ErrFull)
	}
	if err := Ask(dir, entry("10.0.0.1")); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2026-11-21T13:00:00Z MaxErrorsPerIP\n")
	f.Add("2026-11-21T13:00:00+01:00")
	f.Add("\x00 \n")
	a := netip.MustParseAddr("192.0.2.1")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parse("x", a, text)
		if err != nil {
			return
		}
		if e.Net != Net(a) || strings.ContainsAny(e.Reason, " \n") {
			t.Fatalf("%q is %+v", text, e)
		}
		again, err := parse("x", a, e.Expires.Format(time.RFC3339Nano)+" "+e.Reason)
		if err != nil || !again.Expires.Equal(e.Expires) || again.Reason != e.Reason {
			t.Fatalf("%+v became %+v, %v", e, again, err)
		}
	})
}

// Many ask at once, also for the same client, while the folder is read: what
// is found is always whole.
func TestManyAsk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "filter")
	done := make(chan error, 200)
	for i := range cap(done) {
		go func() { done <- Ask(dir, entry(fmt.Sprintf("192.0.2.%d", i%20))) }()
	}
	for left := cap(done); left > 0; {
		select {
		case err := <-done:
			if left--; err != nil {
				t.Error(err)
			}
		default:
		}
		if _, err := List(dir); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := List(dir); len(got) != 20 || err != nil {
		t.Errorf("%d entries, %v; want 20", len(got), err)
	}
}
