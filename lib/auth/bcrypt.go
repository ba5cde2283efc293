package auth

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/bcrypt"
)

// bcryptHash is $2a$, $2b$ or $2y$.
type bcryptHash string

func parseBcrypt(text string) (secret, error) {
	cost, err := bcrypt.Cost([]byte(text))
	if err != nil {
		return nil, errors.New("not a bcrypt hash")
	}
	if cost > bcryptDearest {
		return nil, fmt.Errorf("bcrypt of cost %d is dearer than %d; make the entry anew", cost, bcryptDearest)
	}
	return bcryptHash(text), nil
}

func (h bcryptHash) match(password string) (bool, error) {
	err := bcrypt.CompareHashAndPassword([]byte(h), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}

func makeBcrypt(password string) (string, error) {
	text, err := bcrypt.GenerateFromPassword([]byte(password), bcryptMade)
	if errors.Is(err, bcrypt.ErrPasswordTooLong) {
		err = errors.New("bcrypt takes 72 octets of a password; choose another scheme")
	}
	return string(text), err
}
