package commands

import "path/filepath"

// devDir is where dev puts its files by default.
const devDir = "dev"

// absolute is a path that means the same from everywhere.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
