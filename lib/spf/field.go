package spf

import "net/netip"

// Received returns the body of a Received-SPF field that tells the result
// (RFC 7208 9.1): "pass (mx.example: ...) receiver=mx.example; client-ip=...".
// receiver is the name of this host. Nothing of a peer is in it that could end
// the line, or the comment or the word in which it stands.
func (r *Result) Received(receiver string, ip netip.Addr, helo string) string { return "" }

// AuthResult returns the part of an Authentication-Results field that tells the
// result (RFC 8601 2.7.2): "spf=pass smtp.mailfrom=a@example.org".
func (r *Result) AuthResult() string { return "" }
