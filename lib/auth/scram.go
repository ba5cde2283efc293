package auth

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// Bounds on the work that one side of SCRAM may put on the other.
const (
	MinIterations = 4096   // RFC 7677 section 4
	MaxIterations = 600000 // 0.2 s of a processor
	minSalt       = 8      // octets of a salt
	maxSalt       = 64
)

// ScramKeys is what a server keeps of a password for SCRAM-SHA-256 (RFC 5802
// section 3): enough to know the password by, not enough to log in with.
type ScramKeys struct {
	Iterations int
	Salt       []byte
	Stored     []byte // StoredKey
	Server     []byte // ServerKey
}

// MakeScramKeys computes the keys of a password.
func MakeScramKeys(password string, salt []byte, iterations int) (ScramKeys, error) {
	salted, err := saltPassword(password, salt, iterations)
	if err != nil {
		return ScramKeys{}, err
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	return ScramKeys{Iterations: iterations, Salt: salt, Stored: stored[:], Server: mac(salted, "Server Key")}, nil
}

// match reports whether the keys are those of the password.
func (k ScramKeys) match(password string) (bool, error) {
	other, err := MakeScramKeys(password, k.Salt, k.Iterations)
	return err == nil && hmac.Equal(k.Stored, other.Stored), err
}

// proves reports whether a ClientProof was made with the password of the keys.
func (k ScramKeys) proves(proof, message []byte) bool {
	if len(proof) != sha256.Size {
		return false
	}
	clientKey := make([]byte, sha256.Size)
	subtle.XORBytes(clientKey, proof, mac(k.Stored, string(message)))
	stored := sha256.Sum256(clientKey)
	return hmac.Equal(stored[:], k.Stored)
}

// saltPassword is SaltedPassword, Hi() of RFC 5802 section 2.2.
func saltPassword(password string, salt []byte, iterations int) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// scramField takes the attribute called name, "r=...", from the front of a
// message (RFC 5802 section 7), and the comma behind it.
func scramField(message []byte, name byte) (value, rest []byte, ok bool) {
	field, rest, _ := bytes.Cut(message, []byte{','})
	if len(field) < 2 || field[0] != name || field[1] != '=' {
		return nil, nil, false
	}
	return field[2:], rest, true
}

// validNonce takes printable characters without a comma.
func validNonce(nonce []byte) bool {
	for _, c := range nonce {
		if c <= ' ' || c >= 0x7f || c == ',' {
			return false
		}
	}
	return len(nonce) > 0 && len(nonce) <= MaxNonce
}

// quoteName writes a name as SCRAM has it: without comma and equals sign.
func quoteName(name string) string {
	return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(name)
}

// unquoteName undoes quoteName.
func unquoteName(s []byte) (string, bool) {
	var b []byte
	for len(s) > 0 {
		switch {
		case s[0] != '=':
			b, s = append(b, s[0]), s[1:]
		case bytes.HasPrefix(s, []byte("=2C")):
			b, s = append(b, ','), s[3:]
		case bytes.HasPrefix(s, []byte("=3D")):
			b, s = append(b, '='), s[3:]
		default:
			return "", false
		}
	}
	return string(b), true
}

func encode64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// decode64 decodes base64 that is written in the one way in which it should be.
func decode64(s []byte) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(string(s))
	if err != nil || bytes.ContainsAny(s, "\r\n") {
		return nil, false
	}
	return b, true
}
