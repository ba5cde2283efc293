package prog

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"syscall"
)

var errNoUser = errors.New("no such user")

// Credential is the rights of a user, named or numbered, and of his own group
// alone.
func Credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err = known(err); errors.Is(err, errNoUser) && isNumber(name) {
		u, err = user.LookupId(name)
	}
	if err != nil {
		return nil, known(err)
	}
	return credential(u)
}

// CredentialOf is the rights of the user of a number, and of his own group alone.
func CredentialOf(uid int) (*syscall.Credential, error) {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return nil, known(err)
	}
	return credential(u)
}

// known is err as errNoUser when it says so. While the list of users cannot be
// read nobody knows.
func known(err error) error {
	if errors.As(err, new(user.UnknownUserError)) || errors.As(err, new(user.UnknownUserIdError)) {
		return errNoUser
	}
	return err
}

func isNumber(name string) bool {
	_, err := strconv.Atoi(name)
	return err == nil
}

func credential(u *user.User) (*syscall.Credential, error) {
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("a user without numbers: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
