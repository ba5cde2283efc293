package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"postern/lib/sysexits"
)

// lookUp finds the user and group of "user[:group]", by name or number, with
// the user's supplementary groups. It is nil when nothing is asked for.
func lookUp(spec string) (*syscall.Credential, error) {
	if spec == "" {
		return nil, nil
	}
	name, group, grouped := strings.Cut(spec, ":")
	uid, gid, groups, err := findUser(name)
	if err == nil && grouped {
		gid, err = findGroup(group)
	}
	if err != nil {
		return nil, err
	}
	if gid < 0 {
		return nil, fmt.Errorf("user %s is not known: a group is needed, as in %s:%s", name, name, name)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: append(groups, uint32(gid))}, nil
}

// findUser finds a user. A number that nobody has is a user without groups;
// its gid is -1.
func findUser(name string) (uid, gid int, groups []uint32, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		if u, err = user.LookupId(name); err != nil {
			if uid, err = parseID(name); err != nil {
				return 0, 0, nil, fmt.Errorf("there is no user %s", name)
			}
			return uid, -1, nil, nil
		}
	}
	uid, err = parseID(u.Uid)
	if err == nil {
		gid, err = parseID(u.Gid)
	}
	if err != nil {
		return 0, 0, nil, err
	}
	ids, err := u.GroupIds()
	if err != nil {
		return 0, 0, nil, err
	}
	for _, id := range ids {
		if n, err := parseID(id); err == nil && n != gid {
			groups = append(groups, uint32(n))
		}
	}
	return uid, gid, groups, nil
}

func findGroup(name string) (int, error) {
	if g, err := user.LookupGroup(name); err == nil {
		return parseID(g.Gid)
	}
	gid, err := parseID(name)
	if err != nil {
		return 0, fmt.Errorf("there is no group %s", name)
	}
	return gid, nil
}

func parseID(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err
}

// become gives up all that is not the user's: in every thread, and for good.
func become(c *syscall.Credential) error {
	if c == nil || os.Getuid() == int(c.Uid) && os.Geteuid() == int(c.Uid) && c.Uid != 0 {
		return nil
	}
	groups := make([]int, len(c.Groups))
	for i, g := range c.Groups {
		groups[i] = int(g)
	}
	err := os.NewSyscallError("setgroups", syscall.Setgroups(groups))
	if err == nil {
		err = os.NewSyscallError("setgid", syscall.Setgid(int(c.Gid)))
	}
	if err == nil {
		err = os.NewSyscallError("setuid", syscall.Setuid(int(c.Uid)))
	}
	if err != nil {
		return failure{sysexits.NoPerm, fmt.Errorf("cannot become user %d: %w", c.Uid, err)}
	}
	return nil
}
