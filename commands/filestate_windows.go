package commands

import "os"

// hangup is not known on Windows.
var hangup os.Signal

// fileState is by what a file tells that it may be another one: zero where there
// is none.
type fileState struct{ size, written int64 }

func stateOf(name string) fileState {
	info, err := os.Stat(name)
	if err != nil {
		return fileState{}
	}
	return fileState{info.Size(), info.ModTime().UnixNano()}
}
