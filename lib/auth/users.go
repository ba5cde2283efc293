package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
)

// UsersOptions say where users are kept.
type UsersOptions struct {
	File string // of entries
	// Seed is a file of random octets, made when it is not there. With it the
	// salt that SCRAM makes up for a user who does not exist is always the
	// same for the same name, as it is for those who do.
	Seed     string
	Slots    Slots       // around the checking of passwords
	Complain func(error) // hears what is wrong with the files; nil: nobody
}

// Users is a back-end: a file of entries. It is read when it is first needed
// and again when it was changed. It may be used by many goroutines.
type Users struct {
	options UsersOptions
	mu      sync.Mutex
	table   *table
}

// NewUsers makes a back-end of a file, unread.
func NewUsers(o UsersOptions) *Users {
	if o.Complain == nil {
		o.Complain = func(error) {}
	}
	return &Users{options: o}
}

// Mechanisms are PLAIN and LOGIN, and those for which the entry of every user
// will do: a client takes the strongest that it is offered, and does not try
// another when that fails.
func (u *Users) Mechanisms(context.Context) ([]string, error) {
	t, err := u.load()
	if err != nil {
		return nil, err
	}
	list := []string{Plain, Login}
	if t.all(PlainScheme) {
		list = append([]string{CramMD5}, list...)
	}
	if t.all(PlainScheme, ScramScheme) {
		list = append([]string{ScramPlus, Scram}, list...)
	}
	return list, nil
}

// Begin starts an exchange.
func (u *Users) Begin(_ context.Context, mechanism string, p Peer) (Exchange, error) {
	return begin(mechanism, p, u)
}

// verify checks a password. Whoever does not exist is checked against the
// entry of another and found wrong, which takes as long.
func (u *Users) verify(ctx context.Context, user, password string) error {
	t, err := u.load()
	if err != nil {
		return err
	}
	row, known := t.find(user)
	entry, err := parseSecret(row.name, row.value)
	if err != nil {
		return u.broken(row, known, err)
	}
	release, err := u.options.Slots.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	switch err := entry.Check(password); {
	case err != nil && !errors.Is(err, ErrCredentials):
		return u.broken(row, known, err)
	case !known:
		return ErrCredentials
	default:
		return err
	}
}

// broken is the answer when an entry cannot be used, which the error names. An
// entry that stands in for a missing one makes no difference to the client.
func (u *Users) broken(row row, known bool, err error) error {
	err = fmt.Errorf("%s:%d: %s: %w", u.options.File, row.line, row.name, err)
	if known {
		return unavailable(err)
	}
	u.options.Complain(err)
	return ErrCredentials
}

// secret is the password of an entry that has it as it is, or made up.
func (u *Users) secret(user string) (string, error) {
	t, err := u.load()
	if err != nil {
		return "", err
	}
	if row, known := t.find(user); known && row.scheme == PlainScheme {
		entry, err := parseSecret(row.name, row.value)
		if err != nil {
			return "", u.broken(row, known, err)
		}
		return string(entry.secret.(plainSecret)), nil
	}
	return hex.EncodeToString(u.madeUp(t, "secret", user)), nil
}

// keys are those of an entry, or of its password; for a user without one they
// are made up in the manner of another entry, and no password fits them.
func (u *Users) keys(user string) (ScramKeys, error) {
	t, err := u.load()
	if err != nil {
		return ScramKeys{}, err
	}
	row, known := t.find(user)
	entry, err := parseSecret(row.name, row.value)
	if err != nil {
		return ScramKeys{}, u.broken(row, known, err)
	}
	salt := u.madeUp(t, "salt", user)[:16]
	switch s := entry.secret.(type) {
	case plainSecret: // of another, if need be: it takes as long
		k, err := MakeScramKeys(string(s), salt, MinIterations)
		if known || err != nil {
			return k, err
		}
	case ScramKeys:
		if known {
			return s, nil
		}
		return unknownKeys(salt, len(s.Salt), s.Iterations), nil
	}
	return unknownKeys(salt, len(salt), MinIterations), nil
}

// unknownKeys are keys that fit no password.
func unknownKeys(seed []byte, saltSize, iterations int) ScramKeys {
	k := ScramKeys{Iterations: iterations, Stored: make([]byte, sha256.Size), Server: make([]byte, sha256.Size)}
	rand.Read(k.Stored)
	rand.Read(k.Server)
	for n := byte(0); len(k.Salt) < saltSize; n++ {
		k.Salt = append(k.Salt, mac(seed, string(n))...)
	}
	k.Salt = k.Salt[:saltSize]
	return k
}

// madeUp is 32 octets that nobody else can know, the same for each name.
func (u *Users) madeUp(t *table, purpose, user string) []byte {
	return mac(u.seed(t), purpose+"\x00"+user)
}

// pick chooses the entry that stands in for a missing one, always the same for
// a name.
func pick(name string, n int) int {
	sum := sha256.Sum256([]byte(name))
	return int(binary.BigEndian.Uint64(sum[:8]) % uint64(n))
}
