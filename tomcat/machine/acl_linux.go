package machine

import "syscall"

// hasACL says whether a file has a list of access rights beside its mode.
func hasACL(path string) bool {
	n, err := syscall.Getxattr(path, "system.posix_acl_access", nil)
	return err == nil && n > 0
}
