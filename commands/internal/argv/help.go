package argv

import "gokeytool/jdk"

// HelpText is keytool's help screen for a command, or the general one for "".
// keytool prints it on the standard error, also when asked for.
func (t *Table) HelpText(command string, rel jdk.Release) string { return "" }

// UsageText is everything keytool prints on the standard error for err: the
// message, and the help that goes with it.
func (t *Table) UsageText(err *UsageError, rel jdk.Release) string { return "" }

// CommandHelp is our own help for a command, for the standard output; the
// general help, grouped by task, for "". Lines are at most 80 columns wide
// wherever the texts of the table allow it.
func (t *Table) CommandHelp(command string) string { return "" }
