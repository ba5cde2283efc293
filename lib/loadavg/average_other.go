//go:build !linux

package loadavg

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Average is the integer part of the load average of the last minute. The
// kernel's struct loadavg has three fixed-point numbers of 32 bits and, behind
// them, aligned as a long is, their scale.
func Average() (int, error) {
	raw, err := unix.SysctlRaw("vm.loadavg")
	if err != nil {
		return 0, err
	}
	long := int(unsafe.Sizeof(uintptr(0)))
	scaleAt := (12 + long - 1) &^ (long - 1)
	if len(raw) < scaleAt+4 {
		return 0, errors.New("vm.loadavg is not as expected")
	}
	// The scale is small: its lower half is all of it.
	scale := binary.NativeEndian.Uint32(raw[scaleAt:])
	if scale == 0 {
		return 0, errors.New("vm.loadavg has no scale")
	}
	return int(binary.NativeEndian.Uint32(raw) / scale), nil
}
