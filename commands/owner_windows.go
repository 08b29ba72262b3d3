package commands

import "io/fs"

// ofAnother is not known on Windows, where the directory says who may write.
func ofAnother(fs.FileInfo) bool { return false }
