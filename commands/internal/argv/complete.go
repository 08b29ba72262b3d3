package argv

// Complete returns what the last of the words (without the program's name; it
// may be empty or begun) could become, in the order of the table.
func (t *Table) Complete(words []string) []string { return nil }

// CompletionFlag is the last word by which the shells' functions ask for
// completions: everything before it is the line so far, the word to be
// completed included.
const CompletionFlag = "--generate-completion"

// Script is the completion function for a shell ("bash", "zsh" or "fish") and
// the program's name; false for any other shell.
func Script(shell, program string) (string, bool) { return "", false }
