package spf

import (
	"net/netip"
	"strings"
	"testing"

	"postern/lib/record"
)

func TestFields(t *testing.T) {
	ip := netip.MustParseAddr("192.0.2.1")
	tests := []struct {
		r                      Result
		sender, helo           string
		received, authenticate string
	}{
		{
			Result{Code: Pass, Domain: "x.test", Sender: "ann@x.test", Mechanism: "ip4:192.0.2.0/24"}, "ann@x.test", "out.x.test",
			`pass (mx.test: 192.0.2.1 may send mail from x.test) receiver=mx.test; client-ip=192.0.2.1; envelope-from="ann@x.test"; helo=out.x.test; identity=mailfrom; mechanism="ip4:192.0.2.0/24"`,
			`spf=pass (192.0.2.1 may send mail from x.test) smtp.mailfrom=ann@x.test`,
		},
		{
			Result{Code: Fail, Domain: "x.test", Sender: "postmaster@x.test", Identity: HELO, Mechanism: "-all", Rule: FailRule}, "", "x.test",
			`fail (mx.test: 192.0.2.1 may not send mail from x.test, by SPFfail) receiver=mx.test; client-ip=192.0.2.1; envelope-from="<>"; helo=x.test; identity=helo; mechanism=-all`,
			`spf=fail (192.0.2.1 may not send mail from x.test, by SPFfail) smtp.helo=x.test`,
		},
		{ // all that a client can do
			Result{Code: PermError, Domain: "x(\\).test", Sender: "a\r\nb(\"\\\"@x).test", Problem: "bad \"\u00fc\"\n"}, "a\r\nb(\"\\\"@x).test", "(\x00)",
			`permerror (mx.test: what x???.test publishes cannot be understood) receiver=mx.test; client-ip=192.0.2.1; envelope-from="a??b(\"\\\"@x).test"; helo="(?)"; identity=mailfrom; problem="bad \"?\"?"`,
			`spf=permerror (what x???.test publishes cannot be understood)`,
		},
		{
			Result{Code: None, Domain: "x.test", Sender: "a b@x.test"}, "a b@x.test", "",
			`none (mx.test: x.test does not say who may send mail from it) receiver=mx.test; client-ip=192.0.2.1; envelope-from="a b@x.test"; identity=mailfrom`,
			`spf=none (x.test does not say who may send mail from it) smtp.mailfrom=x.test`,
		},
		{ // no domain-name of RFC 6376 3.5 can follow the local part
			Result{Code: Pass, Domain: "a_b.test", Sender: "ann@a_b.test"}, "ann@a_b.test", "a_b.test",
			`pass (mx.test: 192.0.2.1 may send mail from a_b.test) receiver=mx.test; client-ip=192.0.2.1; envelope-from="ann@a_b.test"; helo=a_b.test; identity=mailfrom`,
			`spf=pass (192.0.2.1 may send mail from a_b.test) smtp.mailfrom=a_b.test`,
		},
		{ // nor is it a token of RFC 2045 5.1
			Result{Code: None, Domain: "a=b.test", Sender: "postmaster@a=b.test", Identity: HELO}, "", "a=b.test",
			`none (mx.test: a=b.test does not say who may send mail from it) receiver=mx.test; client-ip=192.0.2.1; envelope-from="<>"; helo=a=b.test; identity=helo`,
			`spf=none (a=b.test does not say who may send mail from it)`,
		},
	}
	for _, test := range tests {
		if got := strings.Join(test.r.Received("mx.test", ip, test.sender, test.helo), " "); got != test.received {
			t.Errorf("Received-SPF: got\n\t%s, want\n\t%s", got, test.received)
		}
		if got := strings.Join(test.r.AuthResult(ip), " "); got != test.authenticate {
			t.Errorf("Authentication-Results: got\n\t%s, want\n\t%s", got, test.authenticate)
		}
	}
	long := Result{Domain: strings.Repeat("x.", 500) + "test", Sender: strings.Repeat("y", 10000) + "@x.test"}
	for _, piece := range append(long.Received("mx.test", ip, long.Sender, long.Sender), long.AuthResult(ip)...) {
		if len(piece) > 2*maxValue {
			t.Errorf("a piece of %d octets", len(piece))
		}
	}
}

func TestMeaning(t *testing.T) {
	ip := netip.MustParseAddr("192.0.2.1")
	seen := make(map[string]bool)
	for code := None; code <= PermError; code++ {
		r := Result{Code: code, Domain: "x.test"}
		m := r.Meaning(ip)
		if seen[m] || !strings.Contains(m, "x.test") {
			t.Errorf("%s: %s", code, m)
		}
		seen[m] = true
		if back, ok := ParseCode(code.String()); !ok || back != code {
			t.Errorf("%s is read as %s", code, back)
		}
	}
	for name, want := range map[string]Code{"error": TempError, "unknown": PermError} {
		if got, ok := ParseCode(name); !ok || got != want {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if _, ok := ParseCode("Pass"); ok {
		t.Error("Pass is a result")
	}
}

func TestRecordAttributes(t *testing.T) {
	r := Result{Code: SoftFail, Own: Fail, Rule: FailRule, Domain: "x.test", Mechanism: "~all", Explanation: "why", Problem: "bad"}
	var rec record.Record
	r.Record(&rec)
	const want = `spf=softfail spf_record=fail spf_final=softfail spf_domain=x.test spf_identity=mailfrom spf_mechanism=~all spf_problem=bad spf_explanation=why`
	if got := rec.String(); got != want {
		t.Errorf("got %s", got)
	}
	for _, name := range Attributes() {
		if _, ok := record.Find(name); !ok {
			t.Errorf("%s is no attribute", name)
		}
		if _, ok := rec.Lookup(name); !ok {
			t.Errorf("%s is never set", name)
		}
	}
}
