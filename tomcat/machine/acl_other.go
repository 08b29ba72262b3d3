//go:build unix && !linux

package machine

// hasACL says whether a file has a list of access rights beside its mode; where it
// can't be told it may have one.
func hasACL(string) bool { return true }
