//go:build !(linux || darwin || freebsd || dragonfly)

package main

import "errors"

// freeOctets is not to be had here.
func freeOctets(string) (int64, error) { return 0, errors.ErrUnsupported }
