package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Entry is one line of a file of users:
//
//	name:{SCHEME}secret
//
// as passwd-file of Dovecot has it, so that its lines are understood here, and
// those of htpasswd -B. Fields behind a further colon are ignored.
//
//	ann:{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA
//	bob:{BLF-CRYPT}$2y$10$...               also without the braces
//	eve:{SCRAM-SHA-256}4096,salt,stored,server   each in base64
//	joe:{PLAIN}secret                       or {PLAIN.B64} and base64
type Entry struct {
	Name   string
	Scheme Scheme
	secret secret
	text   string // behind the braces
}

// Scheme is how an entry keeps a password.
type Scheme string

// The schemes. A password kept by ScramScheme serves SCRAM-SHA-256, by
// PlainScheme also CRAM-MD5; all serve PLAIN and LOGIN.
const (
	Argon2Scheme Scheme = "argon2id"
	BcryptScheme Scheme = "bcrypt"
	ScramScheme  Scheme = "scram"
	PlainScheme  Scheme = "plain"
)

// secret knows a password when it is told one. Its error is one of ours, not
// of the password.
type secret interface {
	match(password string) (bool, error)
}

// errEntry is a line that is no entry.
var errEntry = errors.New("wants name:{SCHEME}secret")

// ParseEntry reads a line. Its error says what is wrong with it, and nothing
// of the secret.
func ParseEntry(line string) (Entry, error) {
	name, value, ok := splitEntry(line)
	if !ok {
		return Entry{}, errEntry
	}
	return parseSecret(name, value)
}

// splitEntry parts the name from what is known of the password.
func splitEntry(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(strings.TrimSuffix(line, "\r"), ":")
	return name, value, ok && validName(name)
}

// parseSecret makes an entry of its parts.
func parseSecret(name, value string) (e Entry, err error) {
	e.Name = name
	var b64 bool
	if e.Scheme, b64, e.text, err = cutScheme(value); err != nil {
		return Entry{}, err
	}
	text := e.text
	if b64 {
		octets, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return Entry{}, errors.New("bad base64")
		}
		text = string(octets)
	}
	e.secret, err = readSecret(e.Scheme, text)
	return e, err
}

func readSecret(s Scheme, text string) (secret, error) {
	switch s {
	case Argon2Scheme:
		return parseArgon2(text)
	case BcryptScheme:
		return parseBcrypt(text)
	case ScramScheme:
		return parseScramKeys(text)
	}
	if text == "" || len(text) > MaxPassword {
		return nil, errors.New("no password")
	}
	return plainSecret(text), nil
}

// cutScheme finds out how a password is kept. It is called for each line when
// a file is read, and looks at no more than the front.
func cutScheme(value string) (s Scheme, b64 bool, text string, err error) {
	value, _, _ = strings.Cut(value, ":")
	switch {
	case strings.HasPrefix(value, "$argon2id$"):
		return Argon2Scheme, false, value, nil
	case strings.HasPrefix(value, "$2"):
		return BcryptScheme, false, value, nil
	case !strings.HasPrefix(value, "{"):
		return "", false, "", errEntry
	}
	word, text, ok := strings.Cut(value[1:], "}")
	if !ok {
		return "", false, "", errEntry
	}
	word, b64 = cutFold(word, ".b64")
	s, ok = schemeNamed(word)
	if !ok {
		return "", false, "", fmt.Errorf("scheme %.20q is not known here", word)
	}
	return s, b64, text, nil
}

// cutFold takes a suffix off, in upper or lower case.
func cutFold(s, suffix string) (string, bool) {
	i := len(s) - len(suffix)
	if i >= 0 && strings.EqualFold(s[i:], suffix) {
		return s[:i], true
	}
	return s, false
}

// schemeNamed is the scheme of the word between the braces.
func schemeNamed(word string) (Scheme, bool) {
	switch strings.ToUpper(word) {
	case "ARGON2ID":
		return Argon2Scheme, true
	case "BLF-CRYPT", "CRYPT", "BCRYPT":
		return BcryptScheme, true
	case "SCRAM-SHA-256":
		return ScramScheme, true
	case "PLAIN", "CLEARTEXT", "CLEAR":
		return PlainScheme, true
	}
	return "", false
}

// MakeEntry keeps a password by a scheme.
func MakeEntry(name string, s Scheme, password string) (Entry, error) {
	if !validName(name) {
		return Entry{}, fmt.Errorf("%.80q cannot be the name of a user", name)
	}
	if password == "" || len(password) > MaxPassword || !plainText(password) {
		return Entry{}, fmt.Errorf("a password has 1 to %d octets, and no control characters", MaxPassword)
	}
	text, err := hide(s, password)
	if err != nil {
		return Entry{}, err
	}
	return parseSecret(name, text)
}

// hide writes what stands behind the name.
func hide(s Scheme, password string) (string, error) {
	switch s {
	case Argon2Scheme:
		return "{ARGON2ID}" + makeArgon2(password), nil
	case BcryptScheme:
		text, err := makeBcrypt(password)
		return "{BLF-CRYPT}" + text, err
	case ScramScheme:
		keys, err := MakeScramKeys(password, salt(), MinIterations)
		return "{SCRAM-SHA-256}" + keys.String(), err
	case PlainScheme:
		return "{PLAIN.B64}" + encode64([]byte(password)), nil
	}
	return "", fmt.Errorf("scheme %.20q is not known; there are argon2id, bcrypt, scram and plain", string(s))
}

// String is the line, without its end. It is not to be shown to anyone.
func (e Entry) String() string {
	word := map[Scheme]string{Argon2Scheme: "ARGON2ID", BcryptScheme: "BLF-CRYPT", ScramScheme: "SCRAM-SHA-256", PlainScheme: "PLAIN"}[e.Scheme]
	if p, ok := e.secret.(plainSecret); ok {
		return e.Name + ":{PLAIN.B64}" + encode64([]byte(p))
	}
	return e.Name + ":{" + word + "}" + e.text
}

// Check is nil when the password is that of the entry, ErrCredentials when it
// is not, else a fault of ours.
func (e Entry) Check(password string) error {
	ok, err := e.secret.match(password)
	if err == nil && !ok {
		err = ErrCredentials
	}
	return err
}

// validName says whether a user's name can stand in a file.
func validName(s string) bool {
	return s != "" && len(s) <= MaxName && s[0] != '#' && plainText(s) && !strings.Contains(s, ":") && strings.TrimSpace(s) == s
}

// plainSecret is a password as it is.
type plainSecret string

func (p plainSecret) match(password string) (bool, error) {
	return hmac.Equal([]byte(p), []byte(password)), nil
}

// String is the form in a file: rounds, salt, StoredKey, ServerKey.
func (k ScramKeys) String() string {
	return strconv.Itoa(k.Iterations) + "," + encode64(k.Salt) + "," + encode64(k.Stored) + "," + encode64(k.Server)
}

// parseScramKeys undoes String.
func parseScramKeys(text string) (ScramKeys, error) {
	parts := strings.Split(text, ",")
	if len(parts) != 4 {
		return ScramKeys{}, errors.New("SCRAM keys are rounds,salt,stored,server")
	}
	var k ScramKeys
	var err error
	if k.Iterations, err = strconv.Atoi(parts[0]); err != nil || k.Iterations < MinIterations || k.Iterations > MaxIterations {
		return ScramKeys{}, fmt.Errorf("SCRAM rounds are from %d to %d", MinIterations, MaxIterations)
	}
	for i, p := range []*[]byte{&k.Salt, &k.Stored, &k.Server} {
		var ok bool
		if *p, ok = decode64([]byte(parts[i+1])); !ok {
			return ScramKeys{}, errors.New("SCRAM keys in bad base64")
		}
	}
	if len(k.Salt) < minSalt || len(k.Salt) > maxSalt || len(k.Stored) != 32 || len(k.Server) != 32 {
		return ScramKeys{}, errors.New("SCRAM keys of the wrong length")
	}
	return k, nil
}

// salt is 128 random bits.
func salt() []byte {
	b := make([]byte, 16)
	rand.Read(b)
	return b
}
