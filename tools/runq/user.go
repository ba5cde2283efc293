package main

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"syscall"
)

// credential is the rights of a user, named or numbered, and of his own group
// alone. Root is nobody to run a command as that mail is given to.
func credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		u, err = user.LookupId(name)
	}
	if err != nil {
		return nil, fmt.Errorf("CommandUser %s: no such user", name)
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("CommandUser %s: %w", name, err)
	}
	if uid == 0 {
		return nil, fmt.Errorf("CommandUser %s: commands are not run as root", name)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
