package auth

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"golang.org/x/crypto/argon2"
)

// argonHash is $argon2id$v=19$m=19456,t=2,p=1$salt$hash, RFC 9106.
type argonHash struct {
	memory, passes uint32
	salt, key      []byte
}

// parseArgon2 reads an encoded hash and refuses one that costs too much.
func parseArgon2(text string) (secret, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return nil, errors.New("not an argon2id hash, version 19")
	}
	var a argonHash
	var lanes uint32
	if n, err := fmt.Sscanf(parts[3]+" ", "m=%d,t=%d,p=%d ", &a.memory, &a.passes, &lanes); n != 3 || err != nil {
		return nil, errors.New("argon2id wants m=,t=,p=")
	}
	if a.memory < 8 || a.passes < 1 || lanes < 1 {
		return nil, errors.New("argon2id without a cost")
	}
	if a.memory > argonMemory || uint64(a.memory)*uint64(a.passes) > argonMemory*argonPasses || lanes > argonLanes {
		return nil, fmt.Errorf("argon2id with m=%d,t=%d,p=%d costs more than m=%d,t=%d,p=%d; make the entry anew",
			a.memory, a.passes, lanes, argonMemory, argonPasses, argonLanes)
	}
	var err, err2 error
	a.salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	a.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || err2 != nil || len(a.salt) < minSalt || len(a.salt) > maxSalt || len(a.key) < 16 || len(a.key) > 64 {
		return nil, errors.New("argon2id with a bad salt or hash")
	}
	return a, nil
}

func (a argonHash) match(password string) (bool, error) {
	// The memory goes back at once: an idle session is to be small.
	defer debug.FreeOSMemory()
	key := argon2.IDKey([]byte(password), a.salt, a.passes, a.memory, argonLanes, uint32(len(a.key)))
	return hmac.Equal(key, a.key), nil
}

func makeArgon2(password string) string {
	s := salt()
	key := argon2.IDKey([]byte(password), s, argonPasses, argonMemory, argonLanes, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonPasses, argonLanes, b64.EncodeToString(s), b64.EncodeToString(key))
}
