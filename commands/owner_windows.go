package commands

import "io/fs"

// othersMay is not known on Windows, where a mode says nothing of others.
func othersMay(fs.FileInfo, fs.FileMode) bool { return false }

// ofUser is taken for granted.
func ofUser(fs.FileInfo) bool { return true }

// mayWrite is taken for granted.
func mayWrite(string) bool { return true }

// ofRoot is not known.
func ofRoot(fs.FileInfo) bool { return false }

// ofAnother is not known on Windows, where the directory says who may write.
func ofAnother(fs.FileInfo) bool { return false }
