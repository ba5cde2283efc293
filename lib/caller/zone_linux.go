package caller

import (
	"os"

	"golang.org/x/sys/unix"
)

// interfaceIndex returns the number of the interface of that name. The net package
// would find it too, but is a sixth of the code of a program that has no other use
// for it.
func interfaceIndex(name string) (uint32, error) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request)
	return request.Uint32(), os.NewSyscallError("interface "+name, err)
}
