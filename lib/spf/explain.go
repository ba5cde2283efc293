package spf

import (
	"context"
	"net/netip"
	"strings"

	"postern/lib/dns"
)

const (
	// maxExplanation is how long an explanation may be, so that it fits with
	// what usually stands in front into a line of a reply.
	maxExplanation = 400
	// maxRefusal leaves room in that line for codes and an id (RFC 5321
	// 4.5.3.1.5).
	maxRefusal = 460
)

// Refusal says in words for a reply why a fail is refused. What the domain says
// about it is marked as the domain's (RFC 7208 6.2):
//
//	SPF: 192.0.2.1 may not send mail from example.org; example.org explains: ...
//
// It is printable ASCII, whatever a peer has sent or publishes, and fits into
// one line.
func (r *Result) Refusal(ip netip.Addr) string {
	text := "SPF: " + r.Meaning(ip)
	switch {
	case r.Explanation == "":
	case r.Explainer == "":
		text += ": " + r.Explanation
	default:
		text += "; " + r.Explainer + " explains: " + r.Explanation
	}
	return onlyPrintable(text[:min(len(text), maxRefusal)])
}

// explain finds the explanation of a fail: that of the record that decided
// (RFC 7208 6.2), else the receiver's. Whatever is wrong with the first counts
// as if there were none.
func (k *check) explain(ctx context.Context) {
	if k.result.Code != Fail || k.last == nil {
		return
	}
	text, ok := k.last.explanation(ctx, k.outcome)
	if ours := k.last.own && k.outcome.domain == k.identity.origin; ok && !ours {
		k.result.Explainer = k.outcome.domain
	}
	if own := k.checker.Rules.Explanation; !ok && own != nil {
		text = k.last.expand(ctx, own, k.identity.origin)
	}
	k.result.Explanation = clean(text)
}

// explanation is what the record's domain says.
func (e *evaluation) explanation(ctx context.Context, o outcome) (text string, ok bool) {
	if o.exp == nil {
		return "", false
	}
	name, ok := e.target(ctx, o.exp, o.domain)
	if !ok {
		return "", false
	}
	records, _ := e.ask(ctx, name, dns.TypeTXT)
	if len(records) != 1 {
		return "", false
	}
	m, err := ParseExplanation(dns.Text(records[0].Data))
	if err != nil {
		return "", false
	}
	return e.expand(ctx, m, o.domain), true
}

// clean makes a text fit for a reply: not too long, and nothing in it but
// printable ASCII (RFC 7208 6.2), whatever the macros stood for.
func clean(s string) string { return onlyPrintable(s[:min(len(s), maxExplanation)]) }

func onlyPrintable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
