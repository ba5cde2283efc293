package safefile

import (
	"crypto/sha256"
	"encoding/hex"
)

// maxName bounds a name that stands for itself, in octets.
const maxName = 100

// Name is a file name for a word that came from the network: the word itself
// when it is made of [A-Za-z0-9.:@_+=-], is at most 100 octets long and does
// not begin with a dot; else % and its SHA-256 in hexadecimal. Different words
// have different names, and none leads out of its folder.
func Name(word string) string {
	if plainName(word) {
		return word
	}
	sum := sha256.Sum256([]byte(word))
	return "%" + hex.EncodeToString(sum[:])
}

func plainName(word string) bool {
	if word == "" || len(word) > maxName || word[0] == '.' {
		return false
	}
	for i := range len(word) {
		if !nameByte(word[i]) {
			return false
		}
	}
	return true
}

func nameByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	case c == '.', c == ':', c == '@', c == '_', c == '+', c == '=', c == '-':
		return true
	}
	return false
}
