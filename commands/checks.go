package commands

import (
	"slices"

	"gokeytool/identity"
	"gokeytool/internal/console"
	"gokeytool/internal/shell"
)

// allOK says whether no check failed.
func allOK(checks []identity.Check) bool {
	return !slices.ContainsFunc(checks, func(c identity.Check) bool { return !c.OK })
}

// notable are the checks that failed, or warn.
func notable(checks []identity.Check) []identity.Check {
	return slices.DeleteFunc(slices.Clone(checks), func(c identity.Check) bool { return c.OK && !c.Warn })
}

// printChecks prints a check in a line, and its remedy below it: a remedy that
// fixes several stands below the first of them.
func printChecks(w *console.Writer, checks []identity.Check) {
	said := make(map[string]bool)
	for _, check := range checks {
		mark := "ok  "
		switch {
		case !check.OK:
			mark = "FAIL"
		case check.Warn:
			mark = "warn"
		}
		w.Printf("  %s  %-18s  %s\n", w.Paint(mark), check.Name, check.Detail)
		if check.Remedy == "" || mark == "ok  " {
			continue
		}
		remedy := check.Remedy
		if said[remedy] {
			remedy = shell.Comment("the same line fixes it")
		}
		said[check.Remedy] = true
		w.Printf("  %22s  -> %s\n", "", remedy)
	}
}
