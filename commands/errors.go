package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"gokeytool/internal/atomicfile"
	"gokeytool/jdk"
)

// Exit codes. keytool knows 0 and 1 only.
const (
	exitOK          = 0
	exitError       = 1
	exitInterrupted = 130
)

// javaError is a failure in keytool's words: the Java exception that keytool
// ends with, and its text.
type javaError = jdk.Error

func java(class, text string) error { return &javaError{Class: class, Text: text} }

// failf is keytool's common failure, a java.lang.Exception.
func failf(format string, args ...any) error {
	return java("java.lang.Exception", fmt.Sprintf(format, args...))
}

// hintedError adds to an error what the user can do about it, a line each.
// The words of the error itself stay keytool's.
type hintedError struct {
	err   error
	by    func(*session) []string // see explainedBy; nil for none
	hints []string                // behind those
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// withHint adds hints to an error.
func withHint(err error, hints ...string) error {
	return &hintedError{err: err, hints: hints}
}

// explained adds hints to an error of keytool's that a keystore may have caused of which
// parts were not read: where that is so it is said behind them.
func explained(err error, hints ...string) error {
	return explainedBy(err, func(*session) []string { return hints })
}

// explainedBy is explained with hints that look at the keystore, which costs work only
// where they are printed.
func explainedBy(err error, hints func(*session) []string) error {
	return &hintedError{err: err, by: hints}
}

// withMore puts further hints behind those that an error has.
func withMore(err error, hints ...string) error {
	if hinted, ok := errors.AsType[*hintedError](err); ok {
		return &hintedError{hinted.err, hinted.by, append(slices.Clone(hinted.hints), hints...)}
	}
	return withHint(err, hints...)
}

// errQuiet ends a command early with exit code 0, as keytool does where the
// user gave up; everything has been said.
var errQuiet = errors.New("given up")

// fileError turns an error of the file system into what Java says of it.
func fileError(path string, err error) error {
	if refused, ok := errors.AsType[*atomicfile.RefusedError](err); ok {
		return withHint(fileError(path, fs.ErrPermission), path+": "+refused.Reason)
	}
	var reason string
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason = "No such file or directory"
	case errors.Is(err, fs.ErrPermission):
		reason = "Permission denied"
	case errors.Is(err, syscall.EISDIR):
		reason = "Is a directory"
	default:
		var errno syscall.Errno
		if !errors.As(err, &errno) {
			return err
		}
		reason = capitalize(errno.Error())
		if !slices.Contains(ofOpening, errno) {
			return java("java.io.IOException", reason)
		}
	}
	return java("java.io.FileNotFoundException", javaPath(path)+" ("+reason+")")
}

// ofOpening are what the file system says when a file is opened, for which Java
// has an exception with the file's name, rather than when it is written.
var ofOpening = []syscall.Errno{syscall.ELOOP, syscall.ENAMETOOLONG, syscall.ENOTDIR, syscall.ENXIO, syscall.EROFS, syscall.ETXTBSY}

// javaPath is a path as Java's File keeps it: without doubled slashes, and
// without one at the end.
func javaPath(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path
}

func capitalize(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// noKeyalg is keytool's error where -keyalg is missing.
func noKeyalg() error {
	return explained(failf("The -keyalg option must be specified."),
		"there has been no default since Java 17: -keyalg RSA suits everybody, -keyalg EC is smaller and faster")
}
