//go:build !xcrypto

package auth

import "errors"

var errNoHash = errors.New("this hash is not built in")

func parseArgon2(string) (secret, error) { return nil, errNoHash }
func parseBcrypt(string) (secret, error) { return nil, errNoHash }
func makeArgon2(string) string           { return "" }
func makeBcrypt(string) (string, error)  { return "", errNoHash }
