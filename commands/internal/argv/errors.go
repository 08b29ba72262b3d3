package argv

import "strings"

// UsageError is a line that cannot be understood. keytool prints Message, then
// the help of the command, then the warnings on the standard error, and exits
// with 1.
type UsageError struct {
	Style   Style
	Message string // the first line, in keytool's words where it has some
	Command string // whose help follows; "" for the general help

	// Suggestion is what was probably meant: an option or a command of keytool's
	// style with its dash ("-keystore"), a command of the subcommand style
	// without ("serve"); "" if nothing comes near.
	Suggestion string

	Swallows []string // as Request.Swallows

	Warnings []string // as Request.Warnings
}

func (e *UsageError) Error() string { return e.Message }

// Failure is what keytool reports as an exception: "keytool error: " and
// JavaText on the standard output, the warnings on the standard error, exit
// code 1.
type Failure struct {
	Style    Style
	Class    string   // such as "java.lang.NumberFormatException"
	Message  string   // such as `For input string: "abc"`
	Warnings []string // as Request.Warnings
	Err      error    // the cause, if there is one
}

func (e *Failure) Error() string { return e.Message }

func (e *Failure) Unwrap() error { return e.Err }

// JavaText is the exception as Java prints it, class and message.
func (e *Failure) JavaText() string { return strings.TrimSuffix(e.Class+": "+e.Message, ": ") }

// LauncherError is what Java's launcher refuses before keytool is started. Its
// text goes only to the standard error, exit code 1.
type LauncherError struct{ Message string }

func (e *LauncherError) Error() string { return e.Message }
