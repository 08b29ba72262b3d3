//go:build unix && !linux

package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// waysToPlace are the ways to give a file a name which nothing has; some file
// systems know no links.
var waysToPlace = []func(temp *os.File, target string) error{linkNew, claimName}

// openEnd opens a file in whose path no part is a link, to be read.
func openEnd(end string) (*os.File, error) { return os.OpenFile(end, os.O_RDONLY|unix.O_NOFOLLOW, 0) }
