//go:build unix

package commands

import (
	"os"
	"syscall"
)

// hangup asks serve to read its files again.
var hangup os.Signal = syscall.SIGHUP
