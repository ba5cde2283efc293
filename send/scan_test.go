package main

import (
	"strings"
	"testing"

	"postern/lib/sysexits"
)

func TestScan(t *testing.T) {
	tests := []struct {
		name, in string
		args     string
		status   int
		bob      string // what he gets, behind the first fields; "" for nothing
		carol    bool
	}{
		{"all three", "To: Bob <bob@mx.example>\nCc: carol\nBcc: list@mx.example\nFrom: z\n\nx\n", "-t", 0,
			"To: Bob <bob@mx.example>\nCc: carol\nFrom: z\n\nx\n", true},
		{"folded", "From: z\nBcc: bob@mx.example,\n carol@mx.example\n\nx\n", "-t", 0, "From: z\n\nx\n", true},
		{"resent", "To: x@remote.example\nResent-To: bob@mx.example\nFrom: z\n\nx\n", "-ti", 0,
			"To: x@remote.example\nResent-To: bob@mx.example\nFrom: z\n\nx\n", false},
		{"folded with a tab", "Bcc:\n\tbob,\n\tcarol\nFrom: z\n\nx\n", "-t", 0, "From: z\n\nx\n", true},
		{"resent, Cc", "To: carol\nResent-Cc: bob\nFrom: z\n\nx\n", "-t", 0, "To: carol\nResent-Cc: bob\nFrom: z\n\nx\n", false},
		{"resent, Bcc", "To: carol\nBcc: x@remote.example\nResent-Bcc: bob\nFrom: z\n\nx\n", "-t", 0, "To: carol\nFrom: z\n\nx\n", false},
		{"and operands", "To: bob@mx.example\nFrom: z\n\nx\n", "-t carol", 0, "To: bob@mx.example\nFrom: z\n\nx\n", true},
		{"none", "From: z\n\nTo: bob\n", "-t", sysexits.DataErr, "", false},
		{"bad", "To: <<>>\n\n", "-t", sysexits.DataErr, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := instance(t)
			status, _, stderr := send(strings.NewReader(tt.in), strings.Fields(tt.args)...)
			if status != tt.status {
				t.Fatalf("got %d, %q, want %d", status, stderr, tt.status)
			}
			got := strings.Join(mails(t, p, "bob"), "")
			if !strings.HasSuffix(got, tt.bob) || (got == "") != (tt.bob == "") || strings.Contains(got, "Bcc") {
				t.Errorf("bob: got %q, want %q", got, tt.bob)
			}
			if carol := len(mails(t, p, "carol")) > 0; carol != tt.carol {
				t.Errorf("carol: got %v, want %v", carol, tt.carol)
			}
		})
	}
}

// Behind what is looked at of a header may be a Bcc, which nobody is to see.
func TestScanLongHeader(t *testing.T) {
	p := instance(t)
	for _, long := range []string{"X: " + strings.Repeat("x", maxHead) + "\n", strings.Repeat("X: y\n", maxHead/5+1)} {
		status, _, stderr := send(strings.NewReader("To: bob@example.org\n"+long+"Bcc: carol@example.org\n\nhi\n"), "-t")
		if status != sysexits.DataErr || !strings.Contains(stderr, "longer than 256 KiB") {
			t.Errorf("%.9q: status %d, %q", long, status, stderr)
		}
	}
	if got := mails(t, p, "bob"); len(got) != 0 {
		t.Errorf("delivered: %.200q", got)
	}
}
