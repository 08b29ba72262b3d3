package argv

import "strings"

// UsageError is a line that cannot be understood. keytool prints Message and
// then the help of the command on the standard error, and exits with 1.
type UsageError struct {
	Style   Style
	Message string // the first line, in keytool's words where it has some
	Command string // whose help follows; "" for the general help

	// Suggestion is the option, with its dash, or the command that was probably
	// meant, such as "-keystore"; "" if nothing comes near.
	Suggestion string
}

func (e *UsageError) Error() string { return e.Message }

// Failure is what keytool reports as an exception: "keytool error: ", the Java
// class, a colon and the text on the standard output, exit code 1.
type Failure struct {
	Style    Style
	Class    string   // such as "java.lang.NumberFormatException"
	Message  string   // such as `For input string: "abc"`
	Warnings []string // as Request.Warnings; empty if -nowarn was met before the failure
	Err      error    // the cause, if there is one
}

func (e *Failure) Error() string { return e.Message }

func (e *Failure) Unwrap() error { return e.Err }

// JavaText is the text behind "keytool error: ".
func (e *Failure) JavaText() string { return strings.TrimSuffix(e.Class+": "+e.Message, ": ") }

// LauncherError is what Java's launcher refuses before keytool is started. Its
// text goes to the standard error alone, exit code 1.
type LauncherError struct{ Message string }

func (e *LauncherError) Error() string { return e.Message }
