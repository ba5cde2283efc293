//go:build !linux

package dns

import "crypto/rand"

// random fills b with what nobody can foresee.
func random(b []byte) { rand.Read(b) }
