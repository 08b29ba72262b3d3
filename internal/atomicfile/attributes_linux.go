package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const accessList = "system.posix_acl_access"

// keepAttributes copies the extended attributes that the user can see. An
// access control list that cannot be kept is an error, as it says who may
// read; others (security labels, mostly) need privileges and are for the
// directory's defaults then.
func keepAttributes(temp *os.File, target string) error {
	list, err := xattr(func(buf []byte) (int, error) { return unix.Listxattr(target, buf) })
	if err != nil {
		return nil // the file system has none
	}
	// The directory may give every new file a list.
	if !strings.Contains("\x00"+string(list), "\x00"+accessList+"\x00") {
		if err := unix.Fremovexattr(int(temp.Fd()), accessList); err != nil && !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.ENOTSUP) {
			return fmt.Errorf("cannot do without an access control list: %w", err)
		}
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value, err := xattr(func(buf []byte) (int, error) { return unix.Getxattr(target, name, buf) })
		if errors.Is(err, unix.ENODATA) {
			continue
		}
		if err == nil {
			err = unix.Fsetxattr(int(temp.Fd()), name, value, 0)
		}
		if err != nil && name == accessList {
			return fmt.Errorf("cannot keep the access control list: %w", err)
		}
	}
	return nil
}

// xattr makes one of the calls that tell the size they need.
func xattr(call func(buf []byte) (int, error)) ([]byte, error) {
	n, err := call(nil)
	if err != nil || n == 0 {
		return nil, err
	}
	buf := make([]byte, n)
	n, err = call(buf)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}
