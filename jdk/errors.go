package jdk

import (
	"strconv"
	"strings"
)

// Error is a failure in Java's words: what keytool ends with for the same
// input. Its text is kept as Java writes it, because scripts match on it.
type Error struct {
	Class string // the exception, such as "java.io.IOException"
	Text  string // its message; may be empty
	More  string // a second line of the message, which few have
}

// Error returns the message, without the class.
func (e *Error) Error() string {
	if e.Text == "" {
		return e.Class
	}
	if e.More != "" {
		return e.Text + "\n" + e.More
	}
	return e.Text
}

// IOError is the exception that most of Java's parsers throw.
func IOError(text string) error { return &Error{Class: "java.io.IOException", Text: text} }

// PlainError is the exception that keytool itself throws.
func PlainError(text string) error { return &Error{Class: "java.lang.Exception", Text: text} }

// ParseInt is Java's Integer.parseInt.
func ParseInt(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || strings.Contains(s, "_") {
		return 0, &Error{Class: "java.lang.NumberFormatException", Text: `For input string: "` + s + `"`}
	}
	return int(n), nil
}

// ArgumentError is the exception for an argument that a method does not take.
func ArgumentError(text string) error {
	return &Error{Class: "java.lang.IllegalArgumentException", Text: text}
}
