package commands

import (
	"os"
	"path/filepath"
)

// devDir is where dev puts its files by default.
const devDir = "dev"

// absolute is a path that means the same from everywhere, as the name of a token does.
func absolute(path string) string {
	if isTokenURI(path) {
		return path
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// sameFile says whether two paths lead to one file.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// samePath says whether two names, which may be empty, are those of one file, whether
// it is there or not.
func samePath(a, b string) bool {
	return a != "" && b != "" && (absolute(a) == absolute(b) || sameFile(a, b))
}
