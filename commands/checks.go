package commands

import (
	"slices"

	"gokeytool/finding"
	"gokeytool/internal/console"
	"gokeytool/internal/shell"
)

// notable are the checks that failed, or warn.
func notable(checks finding.Checks) finding.Checks {
	return slices.DeleteFunc(slices.Clone(checks), func(c finding.Finding) bool { return c.Severity == finding.Good })
}

// printChecks prints a check in a line, and its remedy below it: a remedy that
// fixes several stands below the first of them.
func printChecks(w *console.Writer, checks finding.Checks) {
	said := make(map[string]bool)
	for _, check := range checks {
		mark := "ok  "
		switch {
		case !check.OK():
			mark = "FAIL"
		case check.Warn():
			mark = "warn"
		}
		w.Printf("  %s  %-18s  %s\n", w.Paint(mark), check.Check, check.Text)
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
