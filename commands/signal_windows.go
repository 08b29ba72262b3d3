package commands

import "os"

// hangup is not known on Windows.
var hangup os.Signal
