package atomicfile

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAttributesStay(t *testing.T) {
	for name, value := range map[string]string{
		"user.note": "of the owner",
		// An access control list (acl(5), as the kernel stores it): user 65534
		// may read beside the owner.
		"system.posix_acl_access": "\x02\x00\x00\x00" +
			"\x01\x00\x06\x00\xFF\xFF\xFF\xFF" +
			"\x02\x00\x04\x00\xFE\xFF\x00\x00" +
			"\x04\x00\x00\x00\xFF\xFF\xFF\xFF" +
			"\x10\x00\x04\x00\xFF\xFF\xFF\xFF" +
			"\x20\x00\x00\x00\xFF\xFF\xFF\xFF",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := unix.Setxattr(path, name, []byte(value), 0); err != nil {
				t.Skip("this file system has none:", err)
			}
			if err := Write(path, []byte("new"), 0o600, nil); err != nil {
				t.Fatal(err)
			}
			got, err := xattr(func(buf []byte) (int, error) { return unix.Getxattr(path, name, buf) })
			if err != nil || !bytes.Equal(got, []byte(value)) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// A directory may give each new file a list. One that replaces a file without a
// list has none: nobody may read it who could not before.
func TestDefaultListIsNotTaken(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	const list = "\x02\x00\x00\x00" +
		"\x01\x00\x06\x00\xFF\xFF\xFF\xFF" +
		"\x02\x00\x04\x00\xFE\xFF\x00\x00" +
		"\x04\x00\x00\x00\xFF\xFF\xFF\xFF" +
		"\x10\x00\x04\x00\xFF\xFF\xFF\xFF" +
		"\x20\x00\x00\x00\xFF\xFF\xFF\xFF"
	if err := unix.Setxattr(dir, "system.posix_acl_default", []byte(list), 0); err != nil {
		t.Skip("this file system has none:", err)
	}
	if err := Write(path, []byte("new"), 0o600, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := xattr(func(buf []byte) (int, error) { return unix.Getxattr(path, accessList, buf) }); len(got) > 0 {
		t.Errorf("it has the list %q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
