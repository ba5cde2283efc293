package conf

import (
	"net/netip"
	"time"
)

// Func is a directive with a rule of its own.
func Func(set func(args []string) error) Value { return Value{Set: set} }

// String takes one argument. None at all, or "", unsets it.
func String(p *string) Value { return Value{} }

// Bool takes 1, on, yes, true, 0, off, no or false; no argument means 1.
func Bool(p *bool) Value { return Value{} }

// Int takes a number from min to max.
func Int(p *int, min, max int) Value { return Value{} }

// Size takes a number of octets, 10485760 or 10M; the letters are K, M and G,
// powers of 1024.
func Size(p *int64) Value { return Value{} }

// Duration takes seconds, 300, or a form of time.ParseDuration: 5m, 1h30m.
func Duration(p *time.Duration) Value { return Value{} }

// Choice takes one of the words, in any case.
func Choice(p *string, words ...string) Value { return Value{} }

// Strings takes any number of arguments; a directive that may be repeated adds.
func Strings(p *[]string) Value { return Value{} }

// Nets takes networks: 192.0.2.0/24, 2001:db8::/32, or an address for itself
// alone. An IPv4 address cut short stands for its network: 192.0.2 is
// 192.0.2.0/24, 10.1 is 10.1.0.0/16.
func Nets(p *[]netip.Prefix) Value { return Value{} }
