package tool_test

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"postern/lib/record"
	"postern/lib/tool"
)

// batches is a checker that makes several checks at once, the last first. A
// sender "late" keeps its check waiting until it is let through, "broken" breaks
// the whole batch.
type batches struct {
	checkFunc
	late chan struct{}
	many chan struct{} // closed after 1000 records

	mu    sync.Mutex
	sizes map[int]int // how often so many came together
	all   int         // records
}

func (b *batches) count(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sizes[n]++
	if b.all < 1000 && b.all+n >= 1000 {
		close(b.many)
	}
	b.all += n
}

func (b *batches) CheckEach(ctx context.Context, records []*record.Record, tell func(int, tool.Outcome)) {
	b.count(len(records))
	var late []int
	for i := len(records) - 1; i >= 0; i-- {
		switch records[i].Value("sender") {
		case "broken":
			panic("a bug")
		case "late":
			late = append(late, i)
			continue
		}
		res, err := check(ctx, records[i])
		tell(i, tool.Outcome{Result: res, Err: err})
	}
	for _, i := range late {
		<-b.late
		res, err := check(ctx, records[i])
		tell(i, tool.Outcome{Result: res, Err: err})
	}
}

func batchProgram() (*tool.Program, *batches) {
	b := &batches{checkFunc: check, late: make(chan struct{}), many: make(chan struct{}), sizes: make(map[int]int)}
	p := program()
	p.Open = func(*tool.Env) (tool.Checker, error) { return b, nil }
	return p, b
}

// Lines that came together are checked together; each comes out in its place,
// and what is wrong with one is wrong with it alone.
func TestBatches(t *testing.T) {
	p, b := batchProgram()
	var in, want strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&in, "192.0.2.%d\n", i%200)
		fmt.Fprintf(&want, "client_address=192.0.2.%d parity=%s\n", i%200, []string{"even", "odd"}[i%2])
		switch i % 100 {
		case 10:
			in.WriteString("192.0.2.1 broken\n")
			want.WriteString("client_address=192.0.2.1 sender=broken parity=odd\n")
		case 20:
			in.WriteString("192.0.2.255\n")
			want.WriteString("client_address=192.0.2.255 error=\"parity: the store is gone\"\n")
		case 30:
			in.WriteString("client_address=a b\n")
			want.WriteString("input=\"client_address=a b\" error=\"parity: not a record: \\\"b\\\" is not name=value\"\n")
		}
	}
	for _, jobs := range []string{"2", "100"} {
		var out, stderr bytes.Buffer
		if status := tool.Run(p, []string{"-j", jobs}, strings.NewReader(in.String()), &out, &stderr); status != 0 {
			t.Fatalf("status %d, %s", status, stderr.String())
		}
		if out.String() != want.String() {
			t.Errorf("-j %s: got\n%s", jobs, out.String())
		}
	}
	if b.sizes[16] == 0 || b.sizes[2] == 0 {
		t.Errorf("so many came together: %v", b.sizes)
	}
}

// A check that takes long holds back no line before it, though they were checked
// together; and however many come behind it, none is lost.
func TestBatchIsNotHeldUp(t *testing.T) {
	p, b := batchProgram()
	c := converse(t, p, "-j", "32")
	c.say("192.0.2.1\n192.0.2.2\n192.0.2.3 late\n192.0.2.4\n")
	c.hear("client_address=192.0.2.1 parity=odd\nclient_address=192.0.2.2 parity=even\n")
	b.late <- struct{}{}
	c.hear("client_address=192.0.2.3 sender=late parity=odd\nclient_address=192.0.2.4 parity=even\n")

	const many = 20000
	said := make(chan struct{})
	go func() {
		c.say("192.0.2.3 late\n" + strings.Repeat("192.0.2.5\n", many))
		c.in.Close()
		close(said)
	}()
	<-b.many // and then no more are read
	b.late <- struct{}{}
	c.hear("client_address=192.0.2.3 sender=late parity=odd\n" + strings.Repeat("client_address=192.0.2.5 parity=odd\n", many))
	<-said
	if status := <-c.done; status != 0 {
		t.Errorf("status %d", status)
	}
}

// As many lines as -j says are worked on at once, though each came alone; and no
// more, whether the checker takes several together or not.
func TestBatchesOfOne(t *testing.T) {
	const jobs = 20
	for _, batch := range []bool{false, true} {
		var now, most atomic.Int64
		entered, leave := make(chan bool, 2*jobs), make(chan bool)
		one := checkFunc(func(ctx context.Context, r *record.Record) (tool.Result, error) {
			most.Store(max(most.Load(), now.Add(1)))
			entered <- true
			<-leave
			now.Add(-1)
			return check(ctx, r)
		})
		p, _ := batchProgram()
		p.Open = func(*tool.Env) (tool.Checker, error) {
			if batch {
				return &batches{checkFunc: one}, nil
			}
			return one, nil
		}
		c := converse(t, p, "-j", strconv.Itoa(jobs))
		for i := range 2 * jobs {
			c.say("192.0.2.1\n")
			if i >= jobs {
				leave <- true
			}
			<-entered
		}
		close(leave)
		c.hear(strings.Repeat("client_address=192.0.2.1 parity=odd\n", 2*jobs))
		if n := most.Load(); n != jobs {
			t.Errorf("together %v: %d lines were worked on at once, want %d", batch, n, jobs)
		}
		c.in.Close()
		if status := <-c.done; status != 0 {
			t.Errorf("status %d", status)
		}
	}
}
