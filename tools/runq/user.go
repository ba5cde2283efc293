package main

import (
	"fmt"
	"syscall"

	"postern/lib/prog"
)

// credential is the rights of the user of CommandUser. Root is nobody to run a
// command as that mail is given to.
func credential(name string) (*syscall.Credential, error) {
	c, err := prog.Credential(name)
	if err != nil {
		return nil, fmt.Errorf("CommandUser %s: %w", name, err)
	}
	if c.Uid == 0 {
		return nil, fmt.Errorf("CommandUser %s: commands are not run as root", name)
	}
	return c, nil
}
