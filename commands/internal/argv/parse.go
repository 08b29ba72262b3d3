package argv

// Parse reads a line, without the program's name. Its errors are *UsageError,
// *Failure and *LauncherError.
func Parse(args []string, t *Table, env Env) (*Request, error) {
	return &Request{Help: true}, nil
}
