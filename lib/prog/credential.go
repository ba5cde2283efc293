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
	if err != nil {
		u, err = user.LookupId(name)
	}
	if err != nil {
		return nil, errNoUser
	}
	return credential(u)
}

// CredentialOf is the rights of the user of a number, and of his own group alone.
func CredentialOf(uid int) (*syscall.Credential, error) {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return nil, errNoUser
	}
	return credential(u)
}

func credential(u *user.User) (*syscall.Credential, error) {
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("a user without numbers: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
