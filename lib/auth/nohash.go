//go:build !xcrypto

package auth

import "errors"

// noHash stands for hashes that this build cannot compute.
type noHash struct{}

func (noHash) match(string) (bool, error) { return false, errors.New("this hash is not built in") }

func parseArgon2(string) (secret, error) { return noHash{}, nil }
func parseBcrypt(string) (secret, error) { return noHash{}, nil }
func makeArgon2(string) string           { return "" }
func makeBcrypt(string) (string, error)  { return "", errors.New("this hash is not built in") }
