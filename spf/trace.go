package main

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"postern/lib/spf"
	"postern/lib/tool"
)

// traceEnv is the environment variable that asks for a trace, as it did with
// asmtpd.
const traceEnv = "SPF_TRACE"

const indent = "  "

// tracer writes the steps of checks as trees. Those of checks that are made at
// the same time are not mixed.
type tracer struct {
	level   spf.Level
	out     io.Writer // for the tree
	answers io.Writer // for the answers of the DNS; nil for nowhere

	mu sync.Mutex
}

// tracer gives what -v, $SPF_TRACE or -d asks for, nil when none does. The
// answers of the DNS go to standard output, and only when nothing else reads
// that.
func (p *program) tracer(e *tool.Env) *tracer {
	level := p.verbose
	if level == 0 {
		level, _ = strconv.Atoi(p.traceEnv)
	}
	if level <= 0 && e.Debug {
		level = int(spf.TraceDNS)
	}
	if level <= 0 {
		return nil
	}
	t := &tracer{level: spf.Level(level), out: e.Stderr}
	if e.Operands && t.level >= spf.TraceAnswers {
		t.answers = e.Stdout
	}
	return t
}

// tree is the trace of one check.
type tree struct {
	*tracer
	lines, answers bytes.Buffer
}

func (t *tracer) begin(ip netip.Addr, sender, helo string) *tree {
	tr := &tree{tracer: t}
	fmt.Fprintf(&tr.lines, "client %s, sender <%s>, helo %s\n", ip, plain(sender), plain(helo))
	return tr
}

// step adds a line.
func (t *tree) step(s spf.Step) {
	switch {
	case s.Level > t.level:
	case s.Level == spf.TraceAnswers:
		fmt.Fprintln(&t.answers, plain(s.Text))
	default:
		t.lines.WriteString(strings.Repeat(indent, s.Depth+1))
		t.lines.WriteString(plain(s.Text))
		t.lines.WriteByte('\n')
	}
}

// end writes the tree.
func (t *tree) end(r *spf.Result) {
	fmt.Fprintf(&t.lines, "%s%s\n", indent, r.Code)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out.Write(t.lines.Bytes())
	if t.tracer.answers != nil {
		t.tracer.answers.Write(t.answers.Bytes())
	}
}
