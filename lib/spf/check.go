package spf

import (
	"context"
	"net/netip"
	"time"

	"postern/lib/dns"
)

// CheckTrace is Check, and reports each step of it when trace is not nil.
func (c *Checker) CheckTrace(ctx context.Context, ip netip.Addr, sender, helo string, trace func(Step)) Result {
	if end, ok := ctx.Deadline(); !ok || time.Until(end) > c.limit() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.limit())
		defer cancel()
	}
	k := &check{
		checker:  c,
		ip:       ip.Unmap().WithZone(""),
		identity: identify(sender, helo),
		trace:    trace,
	}
	return k.run(ctx)
}

func (c *Checker) limit() time.Duration {
	if c.Limit > 0 {
		return c.Limit
	}
	return Limit
}

func (c *Checker) maxVoids() int {
	if c.MaxVoids == 0 {
		return MaxVoids
	}
	return c.MaxVoids
}

func (c *Checker) receiver() string {
	if c.Receiver == "" {
		return "unknown" // RFC 7208 7.3
	}
	return c.Receiver
}

func (c *Checker) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// check is a whole check: the evaluations of the domain's record and of the
// receiver's rules, in their order.
type check struct {
	checker  *Checker
	ip       netip.Addr
	identity identity
	trace    func(Step)
	result   Result
	last     *evaluation // the one that decided
	outcome  outcome     // what it found
}

func (k *check) run(ctx context.Context) Result {
	k.result = Result{
		Domain:   k.identity.origin,
		Identity: k.identity.kind,
		Sender:   k.identity.sender(),
	}
	if !k.local(ctx) {
		k.published(ctx)
		k.result.Own = k.result.Code
		k.unpublished(ctx)
		k.failed(ctx)
	}
	k.explain(ctx)
	return k.result
}

// local asks the receiver's first rules, and reports whether they decided.
func (k *check) local(ctx context.Context) bool {
	return k.rule(ctx, LocalRule, k.checker.Rules.Local, Pass, Fail, SoftFail, TempError)
}

// published asks the domain.
func (k *check) published(ctx context.Context) {
	if policy := k.checker.Policy; policy != nil {
		k.rule(ctx, Published, policy, Pass, Fail, SoftFail, Neutral, TempError, PermError)
		return
	}
	if !checkable(k.identity.origin) {
		k.result.Problem = quote(k.identity.origin) + " is no domain that can have a record"
		return
	}
	e := k.evaluation(Published)
	k.take(Published, e, e.publish(ctx, k.identity.origin))
}

// unpublished asks the receiver's rules for domains that say nothing.
func (k *check) unpublished(ctx context.Context) {
	if k.result.Code != None {
		return
	}
	rules := &k.checker.Rules
	if r := rules.Hosts.Find(k.identity.origin); r != nil {
		k.rule(ctx, HostsRule, r, Pass, Fail, SoftFail, Neutral, TempError, PermError)
		return
	}
	k.rule(ctx, NoneRule, rules.None, Pass, Fail, SoftFail, Neutral, TempError, PermError)
}

// failed gives a client that failed its second chance.
func (k *check) failed(ctx context.Context) {
	if k.result.Code == Fail {
		k.rule(ctx, FailRule, k.checker.Rules.Fail, Pass, SoftFail, TempError)
	}
}

// rule evaluates a record of the receiver's, if there is one, and takes its
// result if that is one of those that count.
func (k *check) rule(ctx context.Context, rule Rule, r *Record, count ...Code) bool {
	if r == nil {
		return false
	}
	k.result.Several = k.result.Several || rule != Published
	e := k.evaluation(rule)
	o := e.record(ctx, r, k.identity.origin)
	for _, code := range count {
		if o.code == code {
			k.take(rule, e, o)
			return true
		}
	}
	k.result.Lookups += e.lookups
	k.result.Voids += e.voids
	return false
}

func (k *check) evaluation(rule Rule) *evaluation {
	e := &evaluation{
		checker:  k.checker,
		resolver: dns.Published(k.checker.Resolver),
		ip:       k.ip,
		identity: k.identity,
		own:      rule != Published,
	}
	e.tracer.trace = k.trace
	e.begin(rule)
	return e
}

// take makes an evaluation's outcome the check's.
func (k *check) take(rule Rule, e *evaluation, o outcome) {
	r := &k.result
	r.Code, r.Rule, r.Includes = o.code, rule, o.chain
	r.Mechanism, r.Problem = "", ""
	if o.directive != nil {
		r.Mechanism = o.directive.String()
	}
	if o.code == TempError || o.code == PermError {
		r.Problem = e.problem
	}
	r.Lookups += e.lookups
	r.Voids += e.voids
	k.last, k.outcome = e, o
}
