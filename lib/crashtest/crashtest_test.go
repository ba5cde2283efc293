package crashtest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { Main(m, play) }

func play(role string, args []string) error {
	switch role {
	case "speak":
		fmt.Println("word", args[0])
		return nil
	case "fail":
		return errors.New("no")
	}
	os.Exit(3) // as a panic does, or the kernel without memory
	return nil
}

// A watch is a test that notes what is said against it.
type watch struct {
	testing.TB
	said []string
}

func (w *watch) Error(args ...any) { w.said = append(w.said, fmt.Sprint(args...)) }

// TestTally: what processes say is counted, and one that fails or dies does not
// go unseen.
func TestTally(t *testing.T) {
	w := &watch{TB: t}
	if got := Start(t, 3, "speak", "x").Tally(w); got["word x"] != 3 || len(got) != 1 || len(w.said) > 0 {
		t.Errorf("%v, %q", got, w.said)
	}
	for role, want := range map[string]string{"fail": "error: no", "die": "exit status 3"} {
		w.said = nil
		Start(t, 1, role).Tally(w)
		if !strings.Contains(strings.Join(w.said, "\n"), want) {
			t.Errorf("%s: %q", role, w.said)
		}
	}
}
